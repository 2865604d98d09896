#include "analysis/fit/loss_noise.h"

#include <algorithm>
#include <vector>

namespace isoloss {

LossNoise loss_noise(std::span<const Point> trials, const SeedNoise& noise) {
  const auto n = static_cast<Eigen::Index>(trials.size());
  const LossDraws draws(trials, noise, 0);
  LossNoise out{Eigen::MatrixXd::Zero(n, n), noise.deviation_degrees, noise.deviation};
  for (Eigen::Index i = 0; i < n; ++i) {
    for (Eigen::Index j = 0; j <= i; ++j) {
      const Point &a = trials[static_cast<std::size_t>(i)],
                  &b = trials[static_cast<std::size_t>(j)];
      if (i == j || same_run(a, b)) out.covariance(i, j) = seed_covariance(noise, a, b);
      out.covariance(j, i) = out.covariance(i, j);
    }
  }
  const auto sequences = static_cast<Eigen::Index>(draws.sequences());
  if (sequences == 0) return out;
  Eigen::MatrixXd by_sequence(n, sequences);
  for (Eigen::Index i = 0; i < n; ++i) {
    const std::vector<float>& losses = trials[static_cast<std::size_t>(i)].sequence_losses;
    for (Eigen::Index s = 0; s < sequences; ++s) {
      by_sequence(i, s) = static_cast<double>(losses[static_cast<std::size_t>(s)]);
    }
  }
  by_sequence.colwise() -= by_sequence.rowwise().mean().eval();
  const auto count = static_cast<double>(sequences);
  out.covariance += by_sequence * by_sequence.transpose() / (count * count);
  return out;
}

LossNoise frontier_noise(std::span<const Point> trials, const SeedNoise& noise,
                         const Frontier& frontier, const FrontierOptions& options) {
  std::vector<double> losses;
  for (const Point& p : trials) losses.push_back(p.loss);
  const auto points = frontier.used().size();
  Eigen::MatrixXd slope = Eigen::MatrixXd::Zero(static_cast<Eigen::Index>(points),
                                                static_cast<Eigen::Index>(trials.size()));
  const double step = std::max(noise.deviation / 2, 1e-9);
  for (std::size_t i = 0; i < trials.size(); ++i) {
    const double here = losses[i];
    losses[i] = here + step;
    const auto up = compute_frontier(trials, losses, options, &frontier).used();
    losses[i] = here - step;
    const auto down = compute_frontier(trials, losses, options, &frontier).used();
    losses[i] = here;
    if (up.size() != points || down.size() != points) continue;
    for (std::size_t k = 0; k < points; ++k) {
      slope(static_cast<Eigen::Index>(k), static_cast<Eigen::Index>(i)) =
          (up[k].loss - down[k].loss) / (2 * step);
    }
  }
  LossNoise out = loss_noise(trials, noise);
  out.covariance = (slope * out.covariance * slope.transpose()).eval();
  return out;
}

}  // namespace isoloss
