// ln compute as a function of loss along one frontier: what inverse interpolation reads.
#pragma once
#include <cmath>
#include <vector>

#include "analysis/fit/frontier.h"
#include "analysis/numbers/statistics.h"

namespace isoloss {

// Piecewise cubic Hermite interpolation that is monotone between its knots (Fritsch & Carlson 1980,
// slopes by Fritsch & Butland 1984), continued beyond them along the end slopes. x ascending, at
// least two.
class MonotoneCurve {
 public:
  MonotoneCurve(std::vector<double> x, std::vector<double> y);
  double operator()(double x) const;

 private:
  std::vector<double> x_, y_, slope_;
};

// Compute at a loss, both logarithmic inside: ln C against ln L is nearly straight.
class FrontierCurve {
 public:
  // Points of a frontier that count, any order. A point that spends more than another without a
  // lower loss is not on the curve. Fewer than two that are: `valid` is false and nothing else may
  // be asked.
  explicit FrontierCurve(std::vector<FrontierPoint> used);

  bool valid() const { return losses_.size() >= 2; }
  bool monotone() const { return monotone_; }  // whether every point given is on the curve
  Interval losses() const { return {losses_.front(), losses_.back()}; }
  double log_compute(double loss) const { return curve_.front()(std::log(loss)); }
  // The loss whose log_compute this is, between the curve's ends or along their slopes.
  double loss_at(double log_compute) const;

 private:
  std::vector<double> losses_;        // ascending
  std::vector<MonotoneCurve> curve_;  // one, or none
  bool monotone_ = true;
};

}  // namespace isoloss
