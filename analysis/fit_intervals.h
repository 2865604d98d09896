// Intervals of a fit's parameters (docs/fitting.md).
#pragma once
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "analysis/fit.h"
#include "analysis/frontier.h"
#include "analysis/law_solver.h"
#include "analysis/statistics.h"

namespace isoloss {

// The points of each run; empty where points do not name their runs or every run is one point.
std::vector<std::vector<Eigen::Index>> runs_of(std::span<const Point> points);

// Case bootstrap: whole runs where every point names its run, points otherwise; percentiles at a
// level that makes up for few of them. The fit's intervals become these, or its lack-of-fit
// intervals where there are too few independent points to resample or too many to afford it;
// `uncertainty` says which.
void add_bootstrap_intervals(const Law& law, std::span<const Point> points, const LawData& data,
                             const LawSolution& solution, const FitOptions& options, Fit& fit);

// Along a frontier: every run is moved by measured noise and frontier and law are computed again;
// the floor's interval is joined with its lack-of-fit interval, so that it is never narrower than
// what the scatter about the law says. Without replicates only the latter, and a flag.
void add_frontier_intervals(const PointTable& table, std::span<const Point> trials,
                            const Frontier& frontier, const FitOptions& options, Fit& fit);

// Profile interval of the floor of a frontier by least squares (law_profile.h). Empty with fewer
// than four points.
std::optional<Interval> floor_profile_interval(const std::vector<FrontierPoint>& used,
                                               FitSpace space, double level);

// fit.cpp's, shared.
Objective objective_of(const FitOptions& options, ObjectiveKind standard);

}  // namespace isoloss
