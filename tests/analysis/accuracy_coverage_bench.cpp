// Prints how often 95 % intervals of accuracy hold the truth of simulated tasks, as the table of
// docs/scoring.md, "Laws of accuracy".
//   accuracy_coverage_bench [REPEATS [DRAWS]]   (200 200)
#include <fmt/format.h>

#include <cstdlib>
#include <optional>

#include "analysis/accuracy_fit.h"
#include "analysis/accuracy_hold_out.h"
#include "tests/analysis/accuracy_fixture.h"

namespace {

using namespace isoloss;

struct Share {
  int held = 0, of = 0;

  void count(const std::optional<Interval>& interval, double truth) {
    if (!interval) return;
    ++of;
    held += interval->first <= truth && truth <= interval->second;
  }
  double percent() const { return 100.0 * held / of; }
};

struct Coverage {
  Share multiplier, as_fitted, widened;
  Share rejected;  // held: a shared sigmoid that was true and was rejected
};

// One trial of the second architecture at ten times the largest budget, and the fit to the others.
void cover(const AccuracyRecipe& recipe, int draws, Coverage& coverage) {
  AccuracyOptions options;
  options.draws = draws;
  const AccuracyTask task = accuracy_task(recipe);
  const AccuracyFit fit = fit_accuracy(task, options);
  const auto *baseline = fit.find("transformer"), *candidate = fit.find("primer");
  const auto at = common_accuracies(*baseline, *candidate);
  if (at.empty()) return;
  coverage.multiplier.count(
      compute_multiplier(*baseline, *candidate, at[1], options.level).interval, 2);
  AccuracyRecipe larger = recipe;
  larger.budgets = {10 * recipe.budgets.back()};
  larger.seed = recipe.seed + 1'000'000;
  const AccuracyPoint later = accuracy_task(larger).points.back();
  const double factor = hold_out_accuracy(task, options).factor;
  coverage.as_fitted.count(accuracy_at(*candidate, later.flops, options.level, true).interval,
                           later.accuracy);
  coverage.widened.count(accuracy_at(*candidate, later.flops, options.level, true, factor).interval,
                         later.accuracy);
  ++coverage.rejected.of;
  coverage.rejected.held += !fit.sharing.shared();
}

}  // namespace

int main(int argc, char** argv) {
  const int repeats = argc > 1 ? std::atoi(argv[1]) : 200;
  const int draws = argc > 2 ? std::atoi(argv[2]) : 200;
  fmt::print(
      "| {} tasks, noise of ln loss, of accuracy | compute at equal accuracy | a trial at ten "
      "times "
      "the compute | widened | one sigmoid rejected |\n|---|---|---|---|---|\n",
      repeats);
  for (const double loss_noise : {0.004, 0.01})
    for (const double accuracy_noise : {0.004, 0.012}) {
      Coverage coverage;
      for (int i = 0; i < repeats; ++i) {
        AccuracyRecipe recipe;
        recipe.loss_noise = loss_noise;
        recipe.accuracy_noise = accuracy_noise;
        recipe.seed = static_cast<std::uint64_t>(i) + 1;
        cover(recipe, draws, coverage);
      }
      fmt::print("| {}, {} | {:.1f} | {:.1f} | {:.1f} | {:.1f} |\n", loss_noise, accuracy_noise,
                 coverage.multiplier.percent(), coverage.as_fitted.percent(),
                 coverage.widened.percent(), coverage.rejected.percent());
    }
  return 0;
}
