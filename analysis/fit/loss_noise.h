// Measured noise (seed_noise.h) as a covariance of losses: seed noise within a run, other held-out
// sequences across all trials. What LossDraws draws, to first order.
#pragma once
#include <Eigen/Core>
#include <cstddef>
#include <span>

#include "analysis/fit/frontier.h"
#include "analysis/fit/seed_noise.h"
#include "analysis/points/points.h"

namespace isoloss {

// A covariance of every pair of points is kept for this many.
inline constexpr std::size_t kMostInLossNoise = 1000;

struct LossNoise {
  Eigen::MatrixXd covariance;  // of the losses, nats squared
  double degrees = 0;          // of Student's t, SeedNoise::deviation_degrees
  double deviation = 0;        // of one evaluation of one run by another seed, nats
};

// Of the trials' losses. `noise` is measured.
LossNoise loss_noise(std::span<const Point> trials, const SeedNoise& noise);

// Of the losses of the frontier's used points, which `trials` and `options` gave. Points whose
// budget a small change of a loss would remove count as not moved by it.
LossNoise frontier_noise(std::span<const Point> trials, const SeedNoise& noise,
                         const Frontier& frontier, const FrontierOptions& options);

}  // namespace isoloss
