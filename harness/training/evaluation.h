// Held-out loss of a model: per sequence, so that trials can be compared sequence by sequence.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "harness/data/dataset.h"
#include "model/parallel/communicator.h"
#include "results/run_record.h"

namespace isoloss {

// A model as what evaluates it knows it: the cross-entropy of every token in nats, of whole rows of
// `length` tokens.
using TokenLosses =
    std::function<std::vector<float>(std::span<const std::int32_t> tokens, std::int64_t length)>;

// Fills the losses of both held-out parts: selection_loss, loss, standard_error (standard deviation
// over sequences / sqrt(n)) and sequence_losses, in nats per token, and forward_seconds per token
// of this rank. Collective: the `data` ranks, which have the same weights, divide the sequences
// among them. `stop` is asked before each pass, as often on every rank, and must answer the same on
// all; absent where it said yes. `multiple`: of how many tokens `losses` computes a multiple
// (TrainingState::computes_multiples_of).
std::optional<Evaluation> evaluate_held_out(const TokenLosses& losses, const HeldOut& held_out,
                                            Communicator& data, const std::function<bool()>& stop,
                                            std::int64_t multiple = 0);

}  // namespace isoloss
