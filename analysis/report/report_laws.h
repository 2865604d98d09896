// The chinchilla law of each architecture, and what the report reads off it: predictions, the
// efficient frontier, what the fitted runs cost.
#pragma once
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "analysis/fit/chinchilla_law.h"
#include "analysis/fit/fit.h"
#include "analysis/numbers/statistics.h"
#include "analysis/points/points.h"
#include "analysis/report/report.h"

namespace isoloss {

struct ArchitectureLaw {
  std::string refusal;     // why there is no fit
  std::optional<Fit> fit;  // with its bootstrap's draws and its leave-future-out folds
  ChinchillaLaw law;
  std::optional<Fit> without_embeddings;  // the same with N counted so, where every point says
  std::vector<Point> points;              // fitted
  double flops_per_product = 0;           // k: the median of C / (N D)
  Interval flops_per_product_range{};     // smallest and largest

  std::vector<ChinchillaLaw> drawn() const;  // of the draws that did not fail
  bool draws_are_noise() const;              // and not resamples
  // Whether percentiles of the draws are 95 % intervals: those of measured noise always are, those
  // of too few runs or points to resample are not.
  bool draws_give_intervals() const;
  // FLOPs of the runs fitted up to `largest_flops`, each counted where it ends there.
  double cost_up_to(double largest_flops) const;
};

// Fits every architecture that has three sizes, three token counts and eight points.
ArchitectureLaw fit_architecture(const PointTable& results, const std::string& architecture,
                                 const ReportOptions& options);

}  // namespace isoloss
