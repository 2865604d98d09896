// The optimum of every budget along a frontier: best size N*, tokens D* and tokens per parameter,
// with intervals from the same draws as the savings (measured seed and held-out noise through the
// whole procedure).
#pragma once
#include <optional>
#include <span>
#include <vector>

#include "analysis/fit/frontier.h"
#include "analysis/fit/seed_noise.h"
#include "analysis/numbers/statistics.h"

namespace isoloss {

struct Optimum {
  FrontierPoint point;   // as the frontier has it
  double tokens = 0;     // at N*, by a line through ln D over ln N; NaN where not known
  double curvature = 0;  // kappa: loss = point.loss + kappa (ln N - ln N*)^2; NaN without sizes
  std::optional<Interval> loss, parameters, token_interval, tokens_per_parameter;  // 95 %
};

struct OptimaOptions {
  FrontierOptions frontier;
  int draws = 1000;
  double level = 0.95;
  std::uint64_t seed = 1;
};

// One for each point of `frontier`, which was made of `trials`, in its order. No intervals where
// the noise is not measured. A budget that does not count has none either.
std::vector<Optimum> optima(std::span<const Point> trials, const Frontier& frontier,
                            const SeedNoise& noise, const OptimaOptions& options);

}  // namespace isoloss
