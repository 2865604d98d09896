// Seconds of one training step, predicted: the products of the work list at a rate, and what the
// ranks that share a step tell each other, by message and by byte. Ranks that share a model add up
// its activations (Shoeybi et al. 2019, arXiv 1909.08053, section 3: two sums a layer going forward
// and two going backward); ranks that share a batch add up gradients and hand out updated weights
// (Rajbhandari et al. 2020, arXiv 1910.02054, section 5.1).
#pragma once
#include <cstdint>
#include <limits>

#include "model/spec/model_spec.h"

namespace isoloss {

// Of one rank. Without exchange rates, exchanges cost nothing.
struct StepRates {
  double flops_per_second = 0;                                                 // exact FLOPs
  double exchange_bytes_per_second = std::numeric_limits<double>::infinity();  // through a rank
  double exchange_seconds = 0;  // of one message, however short
};

struct StepShape {
  std::int64_t batch_tokens = 0;  // of the step, over all ranks
  std::int64_t micro_batches = 1;
  int tensor_ranks = 1;  // InputError where it does not divide (model/spec/shard.h)
  int data_ranks = 1;
};

struct StepSeconds {
  double products = 0;
  double tensor_exchange = 0;
  double data_exchange = 0;  // as if none of it overlapped the products

  double total() const { return products + tensor_exchange + data_exchange; }
};

StepSeconds step_seconds(const ModelSpec& spec, const StepShape& shape, const StepRates& rates);

}  // namespace isoloss
