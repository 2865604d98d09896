// Held-out loss of a model: per sequence, so that trials can be compared sequence by sequence.
#pragma once
#include <functional>
#include <optional>

#include "harness/dataset.h"
#include "model/layers/language_model.h"
#include "model/parallel/communicator.h"
#include "results/run_record.h"

namespace isoloss {

// Fills the losses of both held-out parts: selection_loss, loss, standard_error (standard deviation
// over sequences / sqrt(n)) and sequence_losses, in nats per token, and forward_seconds per token
// of this rank. Collective: the `data` ranks, which have the same weights, divide the sequences
// among them. `stop` is asked before each pass, as often on every rank, and must answer the same on
// all; absent where it said yes.
std::optional<Evaluation> evaluate_held_out(const LanguageModel& model, const HeldOut& held_out,
                                            Communicator& data, const std::function<bool()>& stop);

}  // namespace isoloss
