// What plan decides for large studies on simulated clusters, against bounds that no schedule beats:
// the table of docs/reliability.md. No test: `cmake --build build --target schedule_bench`.
#include <fmt/format.h>
#include <sys/resource.h>

#include <chrono>
#include <cstdio>

#include "tests/sweeps/made_schedules.h"

namespace {

using namespace isoloss;

constexpr int kDraws = 10;

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

template <typename Make>
void row(const char* what, Make make) {
  const DeviceRate rate = device_rate("cpu", "float32");
  for (const int ranks : {8, 64, 1024}) {
    const double begin = now();
    const StudyPlan plan = make(ranks);
    const RankPlan chosen = plan_ranks(plan, {ranks, 1e15}, rate);
    const double planning = now() - begin;
    const made::RunTimes times(plan, ranks, rate);
    const made::Bounds bounds = made::bounds_of(times, made::factors_of(times.size(), 0, 0), ranks);
    double worst = 0, mean = 0, worst_doubling = 0;
    for (std::uint64_t draw = 1; draw <= kDraws; ++draw) {
      const auto factors = made::factors_of(times.size(), 0.1, draw);
      const double seconds = made::seconds_of(chosen, times, factors, ranks);
      const made::Bounds actual = made::bounds_of(times, factors, ranks);
      worst = std::max(worst, seconds / actual.work_or_longest);
      worst_doubling = std::max(worst_doubling, seconds / actual.doubling);
      mean += seconds / actual.work_or_longest / kDraws;
    }
    int widest = 1;
    std::size_t shared = 0;
    for (const RunRanks& run : chosen.runs) {
      widest = std::max(widest, run.planned);
      shared += run.planned > 1 ? 1 : 0;
    }
    fmt::print(
        "{:<34} {:>6} {:>5} {:>6} {:>6} {:>8.3f} {:>8.3f} {:>8.3f} {:>8.3f} {:>8.3f} {:>7.2f}\n",
        what, plan.trials.size(), ranks, shared, widest,
        chosen.schedule.seconds / bounds.work_or_longest, mean, worst,
        chosen.schedule.seconds / bounds.doubling, worst_doubling, planning);
    std::fflush(stdout);
  }
}

}  // namespace

int main() {
  fmt::print(
      "Ends after so many times the larger of work over ranks and the longest run at its best "
      "width "
      "(as predicted; mean\nand worst of {} draws in which runs scatter by 10 %), and so many "
      "times the "
      "bound of doubling widths:\n{:<34} {:>6} {:>5} {:>6} {:>6} {:>8} {:>8} {:>8} {:>8} {:>8} "
      "{:>7}\n",
      kDraws, "study", "trials", "ranks", "shared", "widest", "predict.", "mean", "worst",
      "doubling", "worst", "plan/s");
  row("ladder", [](int) { return made::ladder(); });
  row("and a run of a third of all", [](int) { return made::with_one_large_run(0.5); });
  row("and a run that bounds it", [](int ranks) {
    return made::with_one_run_that_bounds(ranks, device_rate("cpu", "float32"));
  });
  row("four budgets a run", [](int) {
    return made::ladder({.seeds = 3, .budgets = "{tokens_per_parameter: [2, 5, 10, 20]}"});
  });
  row("rates searched", [](int) {
    return made::ladder({.more = "  learning_rate: {search: [0.01, 0.02, 0.04], decide_at: "
                                 "{tokens_per_parameter: 20, size: s4}}\n"});
  });
  row("ladder of 10,000", [](int) { return made::ladder({.seeds = 200}); });
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  fmt::print("at most {:.2f} GB of memory\n", static_cast<double>(usage.ru_maxrss) * 1024 / 1e9);
}
