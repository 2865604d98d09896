// The crossing at equal loss: what a single pair of runs says, beside the frontiers. Speed-up =
// compute of the baseline's run / compute at which the candidate's run of the same size reaches the
// baseline's final loss (So et al. 2021, tables 4 and 5).
#pragma once
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "analysis/points/points.h"

namespace isoloss {

struct Crossing {
  std::string baseline, candidate, size;
  std::int64_t seed = 0;
  double parameters = 0;                  // of the baseline's model, NaN where not known
  double loss = 0;                        // the baseline run's last held-out loss
  double baseline_flops = 0;              // spent by then
  std::optional<double> candidate_flops;  // spent when the candidate's curve gets there
  std::optional<double> speedup;
  std::string why_not;  // where there is none
};

// One for each size and seed that both architectures have results of. A file's label may mean
// models of several parameter counts: each is a model of its own, and the candidate's is the one
// nearest in parameters, at most half as many again; of several learning rates the run that ends
// lowest. The candidate's curve is monotone interpolation of its held-out losses, ln C over ln L,
// and is never extrapolated. By size as the table lists them, then seed.
std::vector<Crossing> crossings(const PointTable& results, const std::string& baseline,
                                const std::string& candidate);

// Held-out losses of the one run of `architecture` that `crossings` reads, by compute.
// `parameters`: of which model, where the size's label means several; of any where NaN.
std::vector<Point> crossing_curve(const PointTable& results, const std::string& architecture,
                                  const std::string& size, std::int64_t seed,
                                  double parameters = std::numeric_limits<double>::quiet_NaN());

}  // namespace isoloss
