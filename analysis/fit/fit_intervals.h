// Intervals of a fit's parameters (docs/fitting.md).
#pragma once
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "analysis/fit/fit.h"
#include "analysis/fit/frontier.h"
#include "analysis/solver/law_solver.h"

namespace isoloss {

// The points of each run; empty where points do not name their runs or every run is one point.
std::vector<std::vector<Eigen::Index>> runs_of(std::span<const Point> points);

// Case bootstrap: whole runs where every point names its run, points otherwise; percentiles at a
// level that makes up for few of them. The fit's intervals become these, or its lack-of-fit
// intervals where there are too few independent points to resample or too many to afford it;
// `uncertainty` says which.
void add_bootstrap_intervals(const Law& law, std::span<const Point> points, const LawData& data,
                             const LawSolution& solution, const FitOptions& options, Fit& fit);

// Each resample or draw gives one value per parameter, or NaN where its fit failed.
using ParameterDraws = std::vector<std::vector<double>>;
inline constexpr double kFailed = std::numeric_limits<double>::quiet_NaN();

// Percentiles at `level`, into the fit's bootstrap intervals.
void add_percentiles(const ParameterDraws& draws, const FitOptions& options, double level,
                     Fit& fit);

// fit.cpp's, shared.
Objective objective_of(const FitOptions& options, ObjectiveKind standard);
LawData frontier_data(const std::vector<FrontierPoint>& used);

}  // namespace isoloss
