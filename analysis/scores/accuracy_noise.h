// Noise to draw a fitted step of accuracy from compute again with (accuracy_fit.h). How large it is
// the residuals say, as well as their degrees of freedom let them: they are made as large as all
// runs' together (near the ends of the data a law follows its points, and their own residuals hide
// their noise), and a draw's size is divided by the root of chi squared over the degrees, so that
// where a step is nearly linear what is drawn from it has Student's distribution about the fit.
// What the points of a run have in common stays in common: a run's residuals keep their pattern.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "analysis/scores/accuracy_points.h"

namespace isoloss {

struct ResidualNoise {
  std::vector<double> pattern;    // of each point; each run's of root mean square 1
  std::vector<std::string> runs;  // of each point
  double left = 0;                // points less parameters
  double deviation = 0;           // of a residual, over what is left; NaN of none
  // What is left, or runs less one where those are fewer; below 1 nothing is known.
  double degrees = 0;
};

// `residuals` of `points` about a step with `parameters`.
ResidualNoise residual_noise(const std::vector<double>& residuals,
                             std::span<const AccuracyPoint> points, double parameters);

// Noise that is taken to be of one size in several fits: deviation and degrees are those of all of
// them together. What knows nothing stays as it is, and counts for nothing.
std::vector<ResidualNoise> of_one_size(std::vector<ResidualNoise> noises);

// The size of a draw's noise over the size that the residuals have: 1 / sqrt(chi squared /
// degrees). `step` names whose residuals.
double drawn_size(const ResidualNoise& noise, const std::string& step, std::uint64_t seed,
                  std::uint64_t draw);

// Noise of each point in a draw: the run's pattern times deviation, the draw's size and a normal
// number of the run, the same one in every step.
std::vector<double> drawn_noise(const ResidualNoise& noise, const std::string& step,
                                std::uint64_t seed, std::uint64_t draw);

}  // namespace isoloss
