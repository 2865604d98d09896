#include "sweeps/step_times.h"

namespace isoloss {

std::string step_key(const RunSpec& spec) {
  RunSpec step;
  step.model = spec.model;
  step.optimizer.kind = spec.optimizer.kind;
  step.optimizer.batch_tokens = spec.optimizer.batch_tokens;
  step.optimizer.min_dim_factored = spec.optimizer.min_dim_factored;
  step.dtype = spec.dtype;
  step.threads = spec.threads;
  step.accumulate = spec.accumulate;
  step.seed = spec.recompute ? 1 : 0;  // recomputation itself is no part of an id
  return run_id(step);
}

}  // namespace isoloss
