#include "analysis/savings/parallel_lines.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "analysis/numbers/statistics.h"

namespace isoloss {
namespace {

// Weighted sums of one line about its weighted means.
struct Sums {
  double weight = 0, x = 0, y = 0, xx = 0, xy = 0, yy = 0;
};

Sums sums_of(const std::vector<FrontierPoint>& points, double floor) {
  Sums s;
  const auto weight = [&](const FrontierPoint& p) {
    const double share = (p.loss - floor) / p.loss;
    return share * share;
  };
  for (const FrontierPoint& p : points) {
    const double w = weight(p);
    s.weight += w;
    s.x += w * std::log(p.flops);
    s.y += w * std::log(p.loss - floor);
  }
  s.x /= s.weight;
  s.y /= s.weight;
  for (const FrontierPoint& p : points) {
    const double w = weight(p), x = std::log(p.flops) - s.x, y = std::log(p.loss - floor) - s.y;
    s.xx += w * x * x;
    s.xy += w * x * y;
    s.yy += w * y * y;
  }
  return s;
}

double lowest_of(const std::vector<FrontierPoint>& points) {
  double lowest = std::numeric_limits<double>::infinity();
  for (const FrontierPoint& p : points) lowest = std::min(lowest, p.loss);
  return lowest;
}

// The floor in [0, lowest) with the least squares.
double best_floor(double lowest, const std::function<double(double)>& squares) {
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
  double a = high - golden * (high - low), b = low + golden * (high - low);
  double at_a = squares(a), at_b = squares(b);
  for (int i = 0; i < 45; ++i) {
    if (at_a < at_b) {
      high = b;
      b = a;
      at_b = at_a;
      a = high - golden * (high - low);
      at_a = squares(a);
    } else {
      low = a;
      a = b;
      at_a = at_b;
      b = low + golden * (high - low);
      at_b = squares(b);
    }
  }
  const double floor = (low + high) / 2;
  return best == 0 && squares(0) <= squares(floor) ? 0 : floor;
}

double line_squares(const Sums& s, double k) { return s.yy + 2 * k * s.xy + k * k * s.xx; }

// A degree of freedom is a point beyond the parameters.
double savings_error(const Sums sums[2], const LinePair& lines, double slope_information) {
  const int degrees = lines.points - lines.free;
  if (degrees < 1) return std::numeric_limits<double>::quiet_NaN();
  const double k = lines.k[0], apart = (sums[0].y - sums[1].y) / (k * k);
  double variance = (1 / sums[0].weight + 1 / sums[1].weight) / (k * k);
  if (slope_information > 0) variance += apart * apart / slope_information;
  return std::sqrt(variance * lines.squares / degrees);
}

}  // namespace

double LinePair::savings_at(double loss) const {
  if (!(loss > floor[0] && loss > floor[1])) return std::numeric_limits<double>::quiet_NaN();
  return std::exp((log_a[0] - std::log(loss - floor[0])) / k[0] -
                  (log_a[1] - std::log(loss - floor[1])) / k[1]);
}

double LinePair::savings() const { return std::exp((log_a[0] - log_a[1]) / k[0]); }

double LinePair::coefficient() const { return std::exp(log_a[0] / k[0] - log_a[1] / k[1]); }

double LinePair::exponent() const { return 1 / k[1] - 1 / k[0]; }

double LinePair::per_decade() const { return std::pow(10.0, -k[0] * exponent()); }

LinePair fit_lines(const std::vector<FrontierPoint>& baseline,
                   const std::vector<FrontierPoint>& candidate, double floor, Slopes slopes) {
  const Sums sums[2] = {sums_of(baseline, floor), sums_of(candidate, floor)};
  LinePair lines;
  lines.points = static_cast<int>(baseline.size() + candidate.size());
  lines.free = slopes == Slopes::Equal ? 3 : 4;
  const double information = sums[0].xx + sums[1].xx;
  const double common = -(sums[0].xy + sums[1].xy) / information;
  for (int i = 0; i < 2; ++i) {
    lines.floor[i] = floor;
    lines.k[i] = slopes == Slopes::Equal ? common : -sums[i].xy / sums[i].xx;
    lines.log_a[i] = sums[i].y + lines.k[i] * sums[i].x;
    lines.squares += line_squares(sums[i], lines.k[i]);
  }
  lines.squares = std::max(lines.squares, 0.0);
  if (slopes == Slopes::Equal) lines.log_savings_error = savings_error(sums, lines, information);
  return lines;
}

LinePair fit_lines_of_slope(const std::vector<FrontierPoint>& baseline,
                            const std::vector<FrontierPoint>& candidate, double floor, double k) {
  const Sums sums[2] = {sums_of(baseline, floor), sums_of(candidate, floor)};
  LinePair lines;
  lines.points = static_cast<int>(baseline.size() + candidate.size());
  lines.free = 2;
  for (int i = 0; i < 2; ++i) {
    lines.floor[i] = floor;
    lines.k[i] = k;
    lines.log_a[i] = sums[i].y + k * sums[i].x;
    lines.squares += line_squares(sums[i], k);
  }
  lines.squares = std::max(lines.squares, 0.0);
  lines.log_savings_error = savings_error(sums, lines, 0);
  return lines;
}

LinePair fit_lines_shared_floor(const std::vector<FrontierPoint>& baseline,
                                const std::vector<FrontierPoint>& candidate, Slopes slopes) {
  const double floor =
      best_floor(std::min(lowest_of(baseline), lowest_of(candidate)),
                 [&](double at) { return fit_lines(baseline, candidate, at, slopes).squares; });
  LinePair lines = fit_lines(baseline, candidate, floor, slopes);
  ++lines.free;
  return lines;
}

LinePair fit_lines_own_floors(const std::vector<FrontierPoint>& baseline,
                              const std::vector<FrontierPoint>& candidate) {
  const std::vector<FrontierPoint>* points[2] = {&baseline, &candidate};
  LinePair lines;
  lines.points = static_cast<int>(baseline.size() + candidate.size());
  lines.free = 6;
  for (int i = 0; i < 2; ++i) {
    const auto slope = [](const Sums& s) { return -s.xy / s.xx; };
    lines.floor[i] = best_floor(lowest_of(*points[i]), [&](double at) {
      const Sums s = sums_of(*points[i], at);
      return line_squares(s, slope(s));
    });
    const Sums s = sums_of(*points[i], lines.floor[i]);
    lines.k[i] = slope(s);
    lines.log_a[i] = s.y + lines.k[i] * s.x;
    lines.squares += line_squares(s, lines.k[i]);
  }
  lines.squares = std::max(lines.squares, 0.0);
  return lines;
}

double restriction_p(const LinePair& restricted, const LinePair& full) {
  const int degrees = full.points - full.free;
  if (degrees < 1) return std::numeric_limits<double>::quiet_NaN();
  // Residuals below 1e-12 are rounding: exact data has no difference to find in them.
  const double negligible = 1e-24 * full.points;
  const double difference = restricted.squares - full.squares;
  if (difference < negligible) return 1;
  return f_tail(difference / ((full.squares + negligible) / degrees), 1, degrees);
}

std::optional<Interval> lack_of_fit_interval(const LinePair& equal, double level) {
  if (!std::isfinite(equal.log_savings_error)) return std::nullopt;
  const double half = student_factor(equal.points - equal.free, level) * equal.log_savings_error;
  return Interval{equal.savings() * std::exp(-half), equal.savings() * std::exp(half)};
}

}  // namespace isoloss
