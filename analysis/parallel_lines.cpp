#include "analysis/parallel_lines.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "analysis/statistics.h"

namespace isoloss {
namespace {

// Weighted sums of one line about its weighted means.
struct Sums {
  double x = 0, y = 0, xx = 0, xy = 0, yy = 0;
};

Sums sums_of(const std::vector<FrontierPoint>& points, double floor) {
  Sums s;
  double total = 0;
  const auto weight = [&](const FrontierPoint& p) {
    const double share = (p.loss - floor) / p.loss;
    return share * share;
  };
  for (const FrontierPoint& p : points) {
    const double w = weight(p);
    total += w;
    s.x += w * std::log(p.flops);
    s.y += w * std::log(p.loss - floor);
  }
  s.x /= total;
  s.y /= total;
  for (const FrontierPoint& p : points) {
    const double w = weight(p), x = std::log(p.flops) - s.x, y = std::log(p.loss - floor) - s.y;
    s.xx += w * x * x;
    s.xy += w * x * y;
    s.yy += w * y * y;
  }
  return s;
}

}  // namespace

double LinePair::savings_at(double loss) const {
  if (!(loss > floor)) return std::numeric_limits<double>::quiet_NaN();
  const double y = std::log(loss - floor);
  return std::exp((log_a[0] - y) / k[0] - (log_a[1] - y) / k[1]);
}

double LinePair::coefficient() const { return std::exp(log_a[0] / k[0] - log_a[1] / k[1]); }

double LinePair::exponent() const { return 1 / k[1] - 1 / k[0]; }

double LinePair::per_decade() const { return std::pow(10.0, -k[0] * exponent()); }

LinePair fit_lines(const std::vector<FrontierPoint>& baseline,
                   const std::vector<FrontierPoint>& candidate, double floor, Slopes slopes) {
  const Sums sums[2] = {sums_of(baseline, floor), sums_of(candidate, floor)};
  LinePair lines;
  lines.floor = floor;
  lines.points = static_cast<int>(baseline.size() + candidate.size());
  lines.free = slopes == Slopes::Equal ? 3 : 4;
  const double common = -(sums[0].xy + sums[1].xy) / (sums[0].xx + sums[1].xx);
  for (int i = 0; i < 2; ++i) {
    lines.k[i] = slopes == Slopes::Equal ? common : -sums[i].xy / sums[i].xx;
    lines.log_a[i] = sums[i].y + lines.k[i] * sums[i].x;
    lines.squares +=
        sums[i].yy + 2 * lines.k[i] * sums[i].xy + lines.k[i] * lines.k[i] * sums[i].xx;
  }
  lines.squares = std::max(lines.squares, 0.0);
  return lines;
}

LinePair fit_lines_shared_floor(const std::vector<FrontierPoint>& baseline,
                                const std::vector<FrontierPoint>& candidate, Slopes slopes) {
  double lowest = std::numeric_limits<double>::infinity();
  for (const auto* points : {&baseline, &candidate}) {
    for (const FrontierPoint& p : *points) lowest = std::min(lowest, p.loss);
  }
  const auto squares = [&](double floor) {
    return fit_lines(baseline, candidate, floor, slopes).squares;
  };
  // A scan first: the sum of squares may have two minima, one of them at floor zero.
  constexpr int kScan = 64;
  int best = 0;
  double least = squares(0);
  for (int i = 1; i < kScan; ++i) {
    const double here = squares(lowest * i / kScan);
    if (here < least) {
      least = here;
      best = i;
    }
  }
  double low = lowest * std::max(best - 1, 0) / kScan, high = lowest * (best + 1) / kScan;
  high = std::min(high, lowest * (1 - 1e-6));
  const double golden = (std::sqrt(5.0) - 1) / 2;
  for (int i = 0; i < 60; ++i) {
    const double a = high - golden * (high - low), b = low + golden * (high - low);
    const bool left = squares(a) < squares(b);
    (left ? high : low) = left ? b : a;
  }
  double floor = (low + high) / 2;
  if (best == 0 && squares(0) <= squares(floor)) floor = 0;
  LinePair lines = fit_lines(baseline, candidate, floor, slopes);
  ++lines.free;
  return lines;
}

double slope_equality_p(const LinePair& equal, const LinePair& own) {
  const int degrees = own.points - own.free;
  if (degrees < 1) return std::numeric_limits<double>::quiet_NaN();
  // Residuals below 1e-12 are rounding: exact data has no slope difference to find in them.
  const double negligible = 1e-24 * own.points;
  const double difference = equal.squares - own.squares;
  if (difference < negligible) return 1;
  return f_tail(difference / ((own.squares + negligible) / degrees), 1, degrees);
}

}  // namespace isoloss
