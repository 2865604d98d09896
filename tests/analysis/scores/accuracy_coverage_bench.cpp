// Prints how often 95 % intervals of accuracy hold the truth of simulated tasks, as the table of
// docs/scoring.md, "Laws of accuracy".
//   accuracy_coverage_bench [REPEATS [DRAWS]]   (200 200)
#include <fmt/format.h>

#include <cstdlib>

#include "analysis/scores/accuracy_hold_out.h"
#include "tests/analysis/scores/accuracy_coverage.h"

namespace {

using namespace isoloss;

struct Coverage {
  CoverageShare multiplier, curve, as_fitted, widened;
  CoverageShare rejected;  // held: a shared sigmoid that was true and was rejected
};

// One trial of the second architecture at ten times the largest budget, and the fit to the others.
void cover(const AccuracyRecipe& recipe, int draws, Coverage& coverage) {
  AccuracyOptions options;
  options.draws = draws;
  const AccuracyTask task = accuracy_task(recipe);
  const AccuracyFit fit = fit_accuracy(task, options);
  const ArchitectureAccuracy* candidate = fit.find("primer");
  if (!candidate->loss) return;
  coverage.multiplier.count(middle_multiplier(fit), 2);
  const AccuracyPoint later = larger_trial(recipe);
  const double factor = hold_out_accuracy(task, options).factor;
  const double truth = fixture_accuracy(fixture_task_loss(later.flops, 2));
  coverage.curve.count(accuracy_at(*candidate, later.flops, options.level).interval, truth);
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
      "| {} tasks, noise of ln loss, of accuracy | compute at equal accuracy | the curve at "
      "ten times the compute | a trial there | widened | one sigmoid rejected "
      "|\n|---|---|---|---|---|---|\n",
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
      fmt::print("| {}, {} | {:.1f} | {:.1f} | {:.1f} | {:.1f} | {:.1f} |\n", loss_noise,
                 accuracy_noise, 100 * coverage.multiplier.share(), 100 * coverage.curve.share(),
                 100 * coverage.as_fitted.share(), 100 * coverage.widened.share(),
                 100 * coverage.rejected.share());
    }
  return 0;
}
