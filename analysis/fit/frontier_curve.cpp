#include "analysis/fit/frontier_curve.h"

#include <algorithm>

namespace isoloss {

MonotoneCurve::MonotoneCurve(std::vector<double> x, std::vector<double> y)
    : x_(std::move(x)), y_(std::move(y)), slope_(x_.size()) {
  const std::size_t n = x_.size();
  std::vector<double> h(n - 1), secant(n - 1);
  for (std::size_t i = 0; i + 1 < n; ++i) {
    h[i] = x_[i + 1] - x_[i];
    secant[i] = (y_[i + 1] - y_[i]) / h[i];
  }
  if (n == 2) {
    slope_.assign(2, secant[0]);
    return;
  }
  for (std::size_t i = 1; i + 1 < n; ++i) {
    if (secant[i - 1] * secant[i] <= 0) continue;
    const double w1 = 2 * h[i] + h[i - 1], w2 = h[i] + 2 * h[i - 1];
    slope_[i] = (w1 + w2) / (w1 / secant[i - 1] + w2 / secant[i]);
  }
  // One-sided three-point slopes, limited so that the curve stays monotone.
  const auto end = [](double h0, double h1, double s0, double s1) {
    const double slope = ((2 * h0 + h1) * s0 - h0 * s1) / (h0 + h1);
    if (slope * s0 <= 0) return 0.0;
    if (s0 * s1 <= 0 && std::abs(slope) > 3 * std::abs(s0)) return 3 * s0;
    return slope;
  };
  slope_[0] = end(h[0], h[1], secant[0], secant[1]);
  slope_[n - 1] = end(h[n - 2], h[n - 3], secant[n - 2], secant[n - 3]);
}

double MonotoneCurve::operator()(double x) const {
  if (x <= x_.front()) return y_.front() + slope_.front() * (x - x_.front());
  if (x >= x_.back()) return y_.back() + slope_.back() * (x - x_.back());
  const auto above = std::upper_bound(x_.begin(), x_.end(), x);
  const auto i = static_cast<std::size_t>(above - x_.begin()) - 1;
  const double h = x_[i + 1] - x_[i], t = (x - x_[i]) / h, u = 1 - t;
  return y_[i] * u * u * (1 + 2 * t) + y_[i + 1] * t * t * (1 + 2 * u) +
         h * (slope_[i] * t * u * u - slope_[i + 1] * t * t * u);
}

FrontierCurve::FrontierCurve(std::vector<FrontierPoint> used) {
  std::stable_sort(used.begin(), used.end(),
                   [](const auto& a, const auto& b) { return a.flops < b.flops; });
  std::vector<FrontierPoint> kept;
  for (const FrontierPoint& point : used) {
    if (!(point.loss > 0)) {
      monotone_ = false;
    } else if (!kept.empty() && point.flops <= kept.back().flops) {
      // Two at the same compute: the lower one is the frontier.
      if (point.loss < kept.back().loss) kept.back() = point;
      monotone_ = false;
    } else if (!kept.empty() && point.loss >= kept.back().loss) {
      monotone_ = false;
    } else {
      kept.push_back(point);
    }
  }
  std::reverse(kept.begin(), kept.end());
  std::vector<double> x, y;
  for (const FrontierPoint& point : kept) {
    losses_.push_back(point.loss);
    x.push_back(std::log(point.loss));
    y.push_back(std::log(point.flops));
  }
  if (valid()) curve_.emplace_back(std::move(x), std::move(y));
}

double FrontierCurve::loss_at(double log_compute) const {
  const MonotoneCurve& curve = curve_.front();
  double low = std::log(losses_.front()), high = std::log(losses_.back());
  if (log_compute >= curve(low) || log_compute <= curve(high)) {
    const double end = log_compute >= curve(low) ? low : high;
    const double step = end == low ? low - 1 : high + 1;  // along the end's straight line
    const double slope = (curve(step) - curve(end)) / (step - end);
    return std::exp(slope < 0 ? end + (log_compute - curve(end)) / slope : end);
  }
  constexpr int kHalvings = 50;
  for (int i = 0; i < kHalvings; ++i) {
    const double middle = (low + high) / 2;
    (curve(middle) > log_compute ? low : high) = middle;
  }
  return std::exp((low + high) / 2);
}

}  // namespace isoloss
