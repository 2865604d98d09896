#include "sweeps/layout.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "model/cost/memory.h"
#include "model/spec/error.h"
#include "model/spec/shard.h"
#include "sweeps/makespan.h"
#include "sweeps/quantity_text.h"

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

bool divides_batch(const StudyPlan& plan, std::int64_t data) {
  return std::ranges::all_of(plan.runs, [&](const PlannedRun& run) {
    const std::int64_t windows = run.spec.optimizer.batch_tokens / run.spec.model.sequence;
    return windows % (run.spec.accumulate * data) == 0;
  });
}

double largest(const StudyPlan& plan, std::int64_t tensor, std::int64_t data) {
  double bytes = 0;
  for (const PlannedRun& run : plan.runs)
    bytes = std::max(bytes, memory_per_rank(run.spec, tensor, data));
  return bytes;
}

std::string gigabytes(double bytes) { return fmt::format("{:.3g} GB", bytes / 1e9); }

// A layout that shares more must be predicted to take less than this much of another's time.
constexpr double kWorthSharing = 0.9;

struct Choice {
  StudyLayout layout;
  double bytes = 0, seconds = 0;
};

// Those that divide the ranks and every run, those that share least first; what the study asks for
// is in each.
std::vector<StudyLayout> layouts(const StudyPlan& plan, int ranks, const StudyLayout& least) {
  const RunSpec& asked = plan.runs.at(0).spec;
  std::vector<StudyLayout> result;
  for (std::int64_t tensor = least.tensor; tensor <= ranks; ++tensor) {
    if (asked.tensor_parallel > 0 && tensor != asked.tensor_parallel) continue;
    if (tensor > least.tensor && !divides(plan, tensor)) continue;
    for (std::int64_t data = least.data; tensor * data <= ranks; ++data) {
      if (asked.data_parallel > 0 && data != asked.data_parallel) continue;
      if (ranks % (tensor * data) == 0 && (data == least.data || divides_batch(plan, data)))
        result.push_back({tensor, data, ""});
    }
  }
  std::ranges::stable_sort(result, {},
                           [](const StudyLayout& layout) { return layout.tensor * layout.data; });
  return result;
}

std::string words(const StudyLayout& layout) {
  return layout.tensor * layout.data == 1
             ? "alone"
             : fmt::format("on {} x {} ranks", layout.tensor, layout.data);
}

std::string time_reason(const Choice& best, const Choice& first, int ranks) {
  if (ranks == 1) return "";
  if (best.layout.tensor == first.layout.tensor && best.layout.data == first.layout.data)
    return fmt::format(
        "; the study takes {} so by prediction, and no layout that shares more would take less "
        "than nine tenths of that",
        seconds_text(best.seconds));
  return fmt::format("; the study takes {} so by prediction, and {} with each run {}",
                     seconds_text(best.seconds), seconds_text(first.seconds), words(first.layout));
}

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
  options.checkpoints = true;
  return training_memory(spec.model, options).total();
}

double step_seconds(const RunSpec& spec, std::int64_t tensor, std::int64_t data,
                    const DeviceRate& rate) {
  return step_seconds(
             spec.model,
             {spec.optimizer.batch_tokens, spec.accumulate, static_cast<int>(tensor),
              static_cast<int>(data)},
             {rate.flops_per_second, rate.exchange_bytes_per_second, rate.exchange_seconds})
      .total();
}

double study_seconds(const StudyPlan& plan, int ranks, const StudyLayout& layout,
                     const DeviceRate& rate) {
  std::vector<double> of_flop;  // seconds, by run
  for (const PlannedRun& run : plan.runs)
    of_flop.push_back(step_seconds(run.spec, layout.tensor, layout.data, rate) /
                      run.flops_per_step);
  return makespan_seconds(plan, ranks / static_cast<int>(layout.tensor * layout.data),
                          [&](const WorkItem& item) { return item.flops * of_flop[item.run]; });
}

StudyLayout choose_layout(const StudyPlan& plan, const PlanRanks& ranks, const DeviceRate& rate) {
  // A study has one section `run`: its runs ask for the same.
  const RunSpec& asked = plan.runs.at(0).spec;
  const StudyLayout least{std::max<std::int64_t>(asked.tensor_parallel, 1),
                          std::max<std::int64_t>(asked.data_parallel, 1), "as the study asks"};
  const bool open = asked.tensor_parallel == 0 || asked.data_parallel == 0;
  if (!open || ranks.ranks % (least.tensor * least.data) != 0) return least;
  const double alone = largest(plan, least.tensor, least.data);
  std::optional<Choice> best, first;
  for (const StudyLayout& layout : layouts(plan, ranks.ranks, least)) {
    const double bytes = largest(plan, layout.tensor, layout.data);
    if (bytes > ranks.bytes_per_rank) continue;
    const Choice choice{layout, bytes, study_seconds(plan, ranks.ranks, layout, rate)};
    if (!first) first = choice;
    if (!best || choice.seconds < kWorthSharing * best->seconds) best = choice;
  }
  if (!best) {
    StudyLayout none = least;
    none.reason = fmt::format(
        "the largest run takes {} of a rank's {}, and no number of these {} ranks that divides its "
        "heads, widths and batch would hold it: set run.accumulate or run.recompute, or use fewer "
        "ranks a machine",
        gigabytes(alone), gigabytes(ranks.bytes_per_rank), ranks.ranks);
    return none;
  }
  StudyLayout layout = best->layout;
  const std::string room = gigabytes(ranks.bytes_per_rank);
  const std::string memory =
      alone <= ranks.bytes_per_rank
          ? fmt::format("the largest run takes {} of a rank's {}", gigabytes(best->bytes), room)
          : fmt::format("the largest run takes {} {} and {} on each of these ranks, which have {}",
                        gigabytes(alone), words(least), gigabytes(best->bytes), room);
  layout.reason = memory + time_reason(*best, *first, ranks.ranks);
  return layout;
}

double machine_memory() {
  return static_cast<double>(::sysconf(_SC_PHYS_PAGES)) *
         static_cast<double>(::sysconf(_SC_PAGESIZE));
}

}  // namespace isoloss
