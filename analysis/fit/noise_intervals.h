// Measured noise, and the intervals that it gives a law fitted to every point (docs/fitting.md).
#pragma once
#include <cstddef>
#include <optional>
#include <span>
#include <string>

#include "analysis/fit/fit.h"
#include "analysis/fit/seed_noise.h"
#include "analysis/solver/law_profile.h"

namespace isoloss {

// Whether noise of so many points has a profile: not of more than a covariance of all pairs is kept
// for, and not under an asymmetric objective, whose optimum moves with noise alone.
bool can_profile(std::size_t points, ObjectiveKind kind);

// Seed noise of the table's results, from the smallest budget on.
SeedNoise seed_noise_of(const PointTable& table, const FitOptions& options);

// The same where it is above zero and has a profile; else empty.
std::optional<SeedNoise> measured_noise(const PointTable& table, std::span<const Point> points,
                                        const FitOptions& options);

// What measured noise is of, for people.
std::string words_of(const LossDraws& noisy);

// The fit's intervals are those of its profile by measured noise, `scatter` (noise_scatter.h).
// Draws of the noise about the law, refitted from where it was, become its bootstrap intervals.
void add_noise_intervals(const ProfileProblem& fitted, std::span<const Point> points,
                         const SeedNoise& noise, const LawScatter& scatter,
                         const FitOptions& options, Fit& fit);

}  // namespace isoloss
