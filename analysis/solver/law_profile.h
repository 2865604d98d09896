// Profile of the objective: its minimum over all other coordinates with one or two held. The
// interval of a coordinate is where the profile stays below minimum + t^2 x rise (law_scatter.h):
// for squares the Student-t interval of lack of fit, minimum (1 + t^2 / (n - p)).
#pragma once
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "analysis/numbers/statistics.h"
#include "analysis/solver/law_scatter.h"

namespace isoloss {

// Index of a shape parameter or of "E" among (log coefficients, shape, floor); empty where the law
// has no such coordinate or it is held.
std::optional<Eigen::Index> coordinate_named(const Law& law, const FloorChoice& floor,
                                             const std::string& name);

struct ProfileProblem {
  const Law& law;
  const LawData& data;
  const Objective& objective;
  const FloorChoice& floor;
  const LawSolution& solution;
};

// Ends at the coordinate's bounds where the profile stays below the limit up to there.
Interval profile_interval(const ProfileProblem& problem, const LawScatter& scatter,
                          Eigen::Index coordinate, double level);

// Minimum of the objective with the coordinate at each value; NaN where it was not reached.
std::vector<double> profile(const ProfileProblem& problem, Eigen::Index coordinate,
                            std::span<const double> values);

// The same for two coordinates, rows by the first: for contours of (alpha, beta).
Eigen::MatrixXd profile_grid(const ProfileProblem& problem, Eigen::Index first,
                             std::span<const double> first_values, Eigen::Index second,
                             std::span<const double> second_values);

}  // namespace isoloss
