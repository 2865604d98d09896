// How well the trials let a chinchilla law's compute at a loss be known, and how much better with
// one run more: the law linearised at its fit (linear_design.h).
#pragma once
#include <Eigen/Core>
#include <vector>

#include "analysis/fit/chinchilla_fit.h"
#include "analysis/fit/seed_noise.h"
#include "analysis/points/points.h"
#include "analysis/savings/linear_design.h"

namespace isoloss {

// ln of both terms at the trials' centre, alpha, beta, E.
inline constexpr Eigen::Index kLawCoordinates = 5;
using LawCoordinates = Eigen::Matrix<double, kLawCoordinates, 1>;

class LawDesign {
 public:
  // The trials that `fit` is of; their losses have the measured noise, pooled over budgets.
  LawDesign(const ChinchillaFit& fit, std::vector<Point> trials, const SeedNoise& noise);

  const std::vector<Point>& trials() const { return trials_; }
  double product() const { return fit_.product; }  // FLOPs / (parameters x tokens)

  // d ln C(L) / d coordinates along the law's frontier; NaN where the law does not reach the loss.
  LawCoordinates slope(double loss) const;

  // Of target . coordinates, with the trials alone and with the points of one run more.
  double variance(const LawCoordinates& target) const { return design_.variance(target); }
  double variance_with(const std::vector<Point>& run, const LawCoordinates& target) const;

 private:
  ChinchillaLaw moved(const LawCoordinates& by) const;
  double log_compute(const ChinchillaLaw& law, double loss) const;
  void add(const std::vector<Point>& points, LinearDesign& design) const;

  ChinchillaFit fit_;
  std::vector<Point> trials_;
  SeedNoise noise_;
  double log_size_ = 0, log_tokens_ = 0;
  LinearDesign design_;
};

}  // namespace isoloss
