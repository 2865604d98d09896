// Intervals of a power law along a compute-optimal frontier, and what its predictions rest on
// (docs/fitting.md).
#pragma once
#include <span>

#include "analysis/fit/fit.h"
#include "analysis/fit/frontier.h"
#include "analysis/solver/law_profile.h"

namespace isoloss {

// The best source that there is, which `uncertainty` names: the profile by measured seed noise of
// the trials carried through the frontier, moved by what parabolas do to it (frontier_bias.h);
// without replicates the same by the trials' scatter about their chinchilla law, and a flag; else
// the scatter of the frontier's points about the law, `scatter`. Where seed noise is measured
// bootstrap intervals come from draws in which every run is moved and frontier and law are computed
// again; they are the fit's where noise has no profile (can_profile). Predictions rest on the
// profile's noise, else on `scatter`.
void add_frontier_intervals(const ProfileProblem& fitted, const LawScatter& scatter,
                            const PointTable& table, std::span<const Point> trials,
                            const Frontier& frontier, const FitOptions& options, Fit& fit);

}  // namespace isoloss
