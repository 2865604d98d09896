#include "sweeps/layout.h"

#include <unistd.h>

#include <algorithm>
#include <cstdint>

#include "model/cost/device_memory.h"
#include "model/cost/memory.h"
#include "model/spec/error.h"
#include "model/spec/shard.h"
#include "sweeps/device_runs.h"

namespace isoloss {
namespace {

// Around the least and most of a prediction that was measured (docs/reliability.md, "What is
// predicted, and what it took").
constexpr double kLeastMemoryShare = 0.85, kMostMemoryShare = 1.2;
// What the libraries of a build for GPUs add to a process, also of a run on the processor; which
// build trains the study, a plan does not know.
constexpr double kGpuLibraries = 220e6;

bool divides(const RunSpec& spec, const RankLayout& layout) {
  if (layout.data > 1) {
    const std::int64_t windows = spec.optimizer.batch_tokens / spec.model.sequence;
    if (windows % (spec.accumulate * layout.data) != 0) return false;
  }
  if (layout.tensor == 1) return true;
  try {
    check_layout(spec.model, layout.tensor);
  } catch (const InputError&) {
    return false;
  }
  return !spec.on_device || no_kernel_for(spec, layout.tensor).empty();
}

bool has_what_is_asked(const RunSpec& spec, const RankLayout& layout) {
  return (spec.tensor_parallel == 0 || spec.tensor_parallel == layout.tensor) &&
         (spec.data_parallel == 0 || spec.data_parallel == layout.data);
}

}  // namespace

double memory_per_rank(const RunSpec& spec, const RankLayout& layout) {
  const bool adafactor = spec.optimizer.kind == OptimizerKind::Adafactor;
  const double states = adafactor ? 1 : 2;
  const std::int64_t factored_from = adafactor ? spec.optimizer.min_dim_factored : 0;
  const bool bfloat16 = spec.dtype == "bfloat16";
  if (spec.on_device) {
    const std::int64_t rows = spec.optimizer.batch_tokens / spec.model.sequence / layout.data;
    return device_training_memory(spec.model, {.sequences = rows / spec.accumulate,
                                               .micro_batches = spec.accumulate,
                                               .bfloat16 = bfloat16,
                                               .recompute = spec.recompute,
                                               .optimizer_states = states,
                                               .factored_from = factored_from,
                                               .tensor_ranks = layout.tensor,
                                               .optimizer_ranks = layout.data})
        .total();
  }
  return training_memory(
             spec.model,
             {.batch_tokens = static_cast<double>(spec.optimizer.batch_tokens) / layout.data,
              .micro_batches = spec.accumulate,
              .threads = static_cast<int>(spec.threads),
              .bfloat16 = bfloat16,
              .recompute = spec.recompute,
              .optimizer_states = states,
              .factored_from = factored_from,
              .tensor_ranks = layout.tensor,
              .optimizer_ranks = layout.data,
              .checkpoints = true})
      .total();
}

Predicted predicted_memory(const RunSpec& spec, const RankLayout& layout) {
  const double bytes = memory_per_rank(spec, layout);
  const double libraries = spec.on_device ? 0 : kGpuLibraries;
  return {bytes, kLeastMemoryShare * bytes, kMostMemoryShare * bytes + libraries};
}

double step_seconds(const RunSpec& spec, const RankLayout& layout, const DeviceRate& rate) {
  StepRates rates{rate.flops_per_second, rate.exchange_bytes_per_second, rate.exchange_seconds};
  if (!rate.steps.empty()) {
    const auto measured = rate.steps.find(step_key(spec));
    if (measured != rate.steps.end())
      rates.flops_per_second = flops_per_step(spec) / measured->second.seconds;
  }
  return step_seconds(spec.model,
                      {spec.optimizer.batch_tokens, spec.accumulate, layout.tensor, layout.data},
                      rates)
      .total();
}

RankLayout asked_layout(const StudyPlan& plan) {
  // A study has one section `run`: its runs ask for the same.
  const RunSpec& spec = plan.runs.at(0).spec;
  return {std::max(static_cast<int>(spec.tensor_parallel), 1),
          std::max(static_cast<int>(spec.data_parallel), 1)};
}

std::optional<RankLayout> layout_on(const RunSpec& spec, int ranks, double bytes_per_rank,
                                    const DeviceRate& rate) {
  std::optional<RankLayout> best;
  double least = 0;
  for (int tensor = 1; tensor <= ranks; ++tensor) {
    const RankLayout layout{tensor, ranks / tensor};
    if (layout.ranks() != ranks || !has_what_is_asked(spec, layout) || !divides(spec, layout) ||
        memory_per_rank(spec, layout) > bytes_per_rank)
      continue;
    const double seconds = step_seconds(spec, layout, rate);
    if (best && seconds >= least) continue;
    best = layout;
    least = seconds;
  }
  return best;
}

double machine_memory() {
  return static_cast<double>(::sysconf(_SC_PHYS_PAGES)) *
         static_cast<double>(::sysconf(_SC_PAGESIZE));
}

}  // namespace isoloss
