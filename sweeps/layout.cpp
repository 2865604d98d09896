#include "sweeps/layout.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "model/cost/memory.h"
#include "model/spec/error.h"
#include "model/spec/shard.h"

namespace isoloss {
namespace {

bool divides(const StudyPlan& plan, std::int64_t tensor) {
  try {
    for (const PlannedRun& run : plan.runs) check_layout(run.spec.model, static_cast<int>(tensor));
  } catch (const InputError&) {
    return false;
  }
  return true;
}

double largest(const StudyPlan& plan, std::int64_t tensor, std::int64_t data) {
  double bytes = 0;
  for (const PlannedRun& run : plan.runs)
    bytes = std::max(bytes, memory_per_rank(run.spec, tensor, data));
  return bytes;
}

std::string gigabytes(double bytes) { return fmt::format("{:.3g} GB", bytes / 1e9); }

}  // namespace

double memory_per_rank(const RunSpec& spec, std::int64_t tensor, std::int64_t data) {
  const bool adafactor = spec.optimizer.kind == OptimizerKind::Adafactor;
  MemoryOptions options;
  options.batch_tokens =
      static_cast<double>(spec.optimizer.batch_tokens) / static_cast<double>(data);
  options.micro_batches = spec.accumulate;
  options.threads = static_cast<int>(spec.threads);
  options.bfloat16 = spec.dtype == "bfloat16";
  options.recompute = spec.recompute;
  options.optimizer_states = adafactor ? 1 : 2;
  options.factored_from = adafactor ? spec.optimizer.min_dim_factored : 0;
  options.tensor_ranks = static_cast<int>(tensor);
  options.optimizer_ranks = static_cast<int>(data);
  return training_memory(spec.model, options).total();
}

StudyLayout choose_layout(const StudyPlan& plan, int ranks, double bytes_per_rank) {
  // A study has one section `run`: its runs ask for the same.
  const RunSpec& asked = plan.runs.at(0).spec;
  StudyLayout layout{std::max<std::int64_t>(asked.tensor_parallel, 1),
                     std::max<std::int64_t>(asked.data_parallel, 1), "as the study asks"};
  if (asked.tensor_parallel > 0) return layout;
  const double alone = largest(plan, 1, layout.data);
  if (alone <= bytes_per_rank) {
    layout.reason = fmt::format(
        "the largest run takes {} of a rank's {}, and runs side by side exchange nothing",
        gigabytes(alone), gigabytes(bytes_per_rank));
    return layout;
  }
  for (std::int64_t tensor = 2; tensor * layout.data <= ranks; ++tensor) {
    if (ranks % (tensor * layout.data) != 0 || !divides(plan, tensor)) continue;
    const double shared = largest(plan, tensor, layout.data);
    if (shared > bytes_per_rank) continue;
    layout.tensor = tensor;
    layout.reason =
        fmt::format("the largest run takes {} alone and {} on each of {} ranks, which have {}",
                    gigabytes(alone), gigabytes(shared), tensor, gigabytes(bytes_per_rank));
    return layout;
  }
  layout.reason = fmt::format(
      "the largest run takes {} of a rank's {}, and no number of these {} ranks that divides its "
      "heads and widths would hold it: set run.accumulate or run.recompute, or use fewer ranks a "
      "machine",
      gigabytes(alone), gigabytes(bytes_per_rank), ranks);
  return layout;
}

double machine_memory() {
  return static_cast<double>(::sysconf(_SC_PHYS_PAGES)) *
         static_cast<double>(::sysconf(_SC_PAGESIZE));
}

}  // namespace isoloss
