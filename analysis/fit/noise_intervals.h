// Intervals of a fit's parameters, and what its predictions rest on, from measured noise
// (docs/fitting.md).
#pragma once
#include <optional>
#include <span>
#include <string>

#include "analysis/fit/fit.h"
#include "analysis/fit/frontier.h"
#include "analysis/fit/seed_noise.h"
#include "analysis/solver/law_profile.h"

namespace isoloss {

// Measured noise; empty where no run has a replicate, where there are more points than a covariance
// of all pairs is kept for, and for an asymmetric objective.
std::optional<SeedNoise> measured_noise(const PointTable& table, std::span<const Point> points,
                                        const FitOptions& options);

// What measured noise is of, for people.
std::string words_of(const LossDraws& noisy);

// The fit's intervals are those of its profile by measured noise, `scatter` (noise_scatter.h).
// Draws of the noise about the law, refitted from where it was, become its bootstrap intervals.
void add_noise_intervals(const ProfileProblem& fitted, std::span<const Point> points,
                         const SeedNoise& noise, const LawScatter& scatter,
                         const FitOptions& options, Fit& fit);

// Along a frontier: the profile by measured noise carried through the frontier, moved by what
// parabolas do to it (frontier_bias.h); bootstrap intervals from draws in which every run is moved
// and frontier and law are computed again. Without replicates the scatter about the law, `scatter`,
// and a flag. Predictions rest on the same.
void add_frontier_intervals(const ProfileProblem& fitted, const LawScatter& scatter,
                            const PointTable& table, std::span<const Point> trials,
                            const Frontier& frontier, const FitOptions& options, Fit& fit);

}  // namespace isoloss
