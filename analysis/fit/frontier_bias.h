// What parabolas do to a frontier: curves of equal compute are not quite parabolas (arXiv
// 2603.22339 of approach 2 of Hoffmann et al. 2022), so that a frontier of their vertices is off by
// a little, the same way in every draw of the noise.
#pragma once
#include <Eigen/Core>
#include <optional>
#include <span>
#include <vector>

#include "analysis/fit/fit.h"
#include "analysis/fit/frontier.h"
#include "analysis/laws/law.h"

namespace isoloss {

// A frontier of the chinchilla law that fits its trials: a bootstrap's estimate of bias without the
// noise (Efron & Tibshirani 1993, chapter 10).
struct SmoothFrontier {
  // As the frontier used them; the loss differs, and with wall_clock the seconds of the best size.
  std::vector<FrontierPoint> by_parabolas, exact;
};

// Empty where the trials lack parameters or tokens, are too few, or the fit does not converge. With
// wall_clock `frontier` is of parabolas, a point for each budget.
std::optional<SmoothFrontier> smooth_frontier(std::span<const Point> trials,
                                              const Frontier& frontier,
                                              const FrontierOptions& options);

struct FrontierBias {
  std::vector<double> parameters;  // as the law prints them
  Eigen::VectorXd losses;          // of the frontier's used points, nats
};

// Of a power law along `frontier`: what its parabolas give less what the frontier itself gives,
// both smooth. Empty where there is no smooth one, or a fit does not converge.
std::optional<FrontierBias> frontier_bias(std::span<const Point> trials, const Frontier& frontier,
                                          const FrontierOptions& options,
                                          const Objective& objective, const FloorChoice& floor);

}  // namespace isoloss
