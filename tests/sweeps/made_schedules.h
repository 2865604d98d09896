// Large made studies, what plan decides for them on simulated clusters, and bounds that no schedule
// beats, found from the cost model alone.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "model/spec/counter_random.h"
#include "sweeps/run_ranks.h"
#include "tests/sweeps/study_files.h"

namespace isoloss::made {

// Ten sizes of five architectures, twenty tokens a parameter each: the longest run costs thousands
// of times the shortest. `more` is appended to the grid.
struct Ladder {
  int seeds = 10;
  std::int64_t batch_tokens = 65536;  // in windows of 256
  std::string budgets = "{tokens_per_parameter: [20]}";
  std::string more = "";
};

inline StudyPlan ladder(const Ladder& of = {}) {
  std::string sizes, seeds;
  for (int i = 0; i < 10; ++i)
    sizes += (i == 0 ? "" : ", ") + std::string("{name: s") + std::to_string(i) +
             ", d_model: " + std::to_string(32 * (2 + i + i * i / 14)) + "}";
  for (int seed = 0; seed < of.seeds; ++seed)
    seeds += (seed == 0 ? "" : ", ") + std::to_string(seed);
  const TemporaryFolder folder;
  const std::string text =
      "study: ladder\n"
      "data: {synthetic: {symbols: 32, topics: 4}}\n"
      "model: {d_head: 32, sequence: 256, layers: 8}\n"
      "optimizer: {warmup_steps: 100, batch_tokens: " +
      std::to_string(of.batch_tokens) +
      "}\n"
      "grid:\n"
      "  architecture: [transformer, transformer++, primer-ez, primer, llama]\n"
      "  size: [" +
      sizes + "]\n  budget: " + of.budgets + "\n  seed: [" + seeds + "]\n" + of.more;
  return make_plan(read_study(folder.write("study.yaml", text)));
}

// The last run of the plan takes so many steps instead of its own.
inline StudyPlan with_last_run_of(StudyPlan plan, double steps) {
  PlannedTrial& trial = plan.trials.back();
  PlannedRun& run = plan.runs[trial.run];
  trial.steps = static_cast<std::int64_t>(steps);
  trial.flops = static_cast<double>(trial.steps) * run.flops_per_step;
  run.stops = {{trial.steps, trial.budget, trial.unit}};
  run.expected_steps = trial.steps;
  return plan;
}

// Seconds of whole runs by the number of ranks that share them, for doubling numbers of ranks.
class RunTimes {
 public:
  RunTimes(const StudyPlan& plan, int ranks, const DeviceRate& rate) {
    std::map<std::string, std::map<int, double>> known;
    for (const PlannedRun& run : plan.runs) {
      const std::string shape = run.spec.model.architecture + run.spec.model.size;
      const auto [steps, fresh] = known.try_emplace(shape);
      for (int width = 1; fresh && width <= ranks; width *= 2)
        if (const auto layout = layout_on(run.spec, width, 1e15, rate))
          steps->second[width] = step_seconds(run.spec, *layout, rate);
      steps_.push_back(steps->second);
      own_steps_.push_back(static_cast<double>(run.expected_steps - run.first_step()));
    }
  }

  double step(std::size_t run, int width) const { return steps_[run].at(width); }
  // By doubling width; nothing for runs that are not expected.
  std::map<int, double> of(std::size_t run, double factor) const {
    std::map<int, double> seconds;
    if (own_steps_[run] > 0)
      for (const auto& [width, step] : steps_[run])
        seconds[width] = factor * own_steps_[run] * step;
    return seconds;
  }
  std::size_t size() const { return steps_.size(); }

 private:
  std::vector<std::map<int, double>> steps_;
  std::vector<double> own_steps_;
};

// Times of runs over their prediction: normal in the logarithm, by `scatter`.
inline std::vector<double> factors_of(std::size_t runs, double scatter, std::uint64_t draw) {
  std::vector<double> factors(runs, 1.0);
  for (std::size_t run = 0; run < runs; ++run)
    factors[run] =
        std::exp(scatter * random_normal(1, stream_of("made/scatter"), draw * 100'000 + run));
  return factors;
}

struct Bounds {
  double work_or_longest =
      0;                // the larger of work over ranks and the longest run at its best width
  double doubling = 0;  // the least time in which widths that double leave rank-seconds enough
};

inline Bounds bounds_of(const RunTimes& times, const std::vector<double>& factors, int ranks) {
  std::vector<std::map<int, double>> runs;
  double work = 0, longest = 0;
  for (std::size_t run = 0; run < times.size(); ++run) {
    runs.push_back(times.of(run, factors[run]));
    if (runs.back().empty()) continue;
    work += runs.back().at(1);
    double best = runs.back().at(1);
    for (const auto& [width, seconds] : runs.back()) best = std::min(best, seconds);
    longest = std::max(longest, best);
  }
  const auto enough = [&](double most) {
    double spent = 0;
    for (const auto& run : runs) {
      double least = run.empty() ? 0 : INFINITY;
      for (const auto& [width, seconds] : run)
        if (seconds <= most) least = std::min(least, width * seconds);
      spent += least;
    }
    return spent <= ranks * most;
  };
  double low = longest, high = work + longest;
  for (int i = 0; i < 60; ++i) (enough((low + high) / 2) ? high : low) = (low + high) / 2;
  return {std::max(work / ranks, longest), high};
}

// 500 trials; one run costs `share` of what the others do together.
inline StudyPlan with_one_large_run(double share) {
  const StudyPlan plan = ladder();
  double others = 0;
  for (const PlannedTrial& trial : plan.trials) others += trial.flops;
  return with_last_run_of(plan, share * others / plan.runs.back().flops_per_step);
}

// 500 trials; one run takes two and a half times as long at its best width, which its batch limits
// to a quarter of the ranks, as all ranks need for the others.
inline StudyPlan with_one_run_that_bounds(int ranks, const DeviceRate& rate) {
  const StudyPlan plan =
      ladder({.batch_tokens = 256 * ranks / 4, .more = "run: {tensor_parallel: 1}\n"});
  const RunTimes times(plan, ranks, rate);
  double others = 0;
  for (std::size_t run = 0; run < times.size(); ++run) others += times.of(run, 1).at(1);
  double best = INFINITY;
  for (const auto& [width, seconds] : times.of(times.size() - 1, 1)) best = std::min(best, seconds);
  const auto steps = static_cast<double>(plan.runs.back().expected_steps);
  return with_last_run_of(plan, 2.5 * others / ranks / (best / steps));
}

// How long the chosen plan takes where runs take `factors` times their prediction.
inline double seconds_of(const RankPlan& chosen, const RunTimes& times,
                         const std::vector<double>& factors, int ranks) {
  return schedule_of(
             chosen, ranks,
             [&](std::size_t run, int width) { return factors[run] * times.step(run, width); })
      .seconds;
}

}  // namespace isoloss::made
