#include "analysis/laws/repeated_worth.h"

#include <algorithm>
#include <cmath>

namespace isoloss {
namespace {

// Of the slope by r at a given u: numerator and denominator each lie between what the ends of r
// give.
Range worth_slopes_by_r(Range r, double u, double log_used) {
  const double repeats = std::expm1(std::clamp(log_used - u, 0.0, 100.0));
  const auto bent = [&](double of) {
    const double y = repeats / std::exp(of);
    return -std::expm1(-y) - y * std::exp(-y);
  };
  const auto sum = [&](double of) {
    return 1 - std::exp(of) * std::expm1(-repeats / std::exp(of));
  };
  return {std::exp(r.low) * bent(r.high) / sum(r.high),
          std::min(1.0, std::exp(r.high) * bent(r.low) / sum(r.low))};
}

}  // namespace

RepeatedWorth repeated_worth(double r, double u, double log_used) {
  const double left = std::clamp(log_used - u, 0.0, 100.0);
  const double decay = std::exp(r), repeats = std::expm1(left), y = repeats / decay;
  const double kept = std::exp(-y), sum = 1 - decay * std::expm1(-y);
  return {std::min(u, log_used) + std::log(sum), decay * (-std::expm1(-y) - y * kept) / sum,
          std::max(0.0, 1 - (1 + repeats) * kept / sum)};
}

WorthPlane worth_plane(Range r, Range u, double log_used) {
  // By r h rises less the larger u is, by u less the larger either is.
  const Range steep_r{worth_slopes_by_r(r, u.high, log_used).low,
                      worth_slopes_by_r(r, u.low, log_used).high};
  const Range steep_u{repeated_worth(r.high, u.high, log_used).by_u,
                      repeated_worth(r.low, u.low, log_used).by_u};
  const WorthPlane tilted{repeated_worth(r.middle(), u.middle(), log_used).h, steep_r.middle(),
                          steep_u.middle(), std::max(0.0, steep_r.half()) * r.half(),
                          std::max(0.0, steep_u.half()) * u.half()};
  // Or flat: h is between its values at opposite corners.
  const double lowest = repeated_worth(r.low, u.low, log_used).h;
  const double highest = repeated_worth(r.high, u.high, log_used).h;
  const double part = std::min(repeated_worth(r.high, u.low, log_used).h, highest) - lowest;
  const WorthPlane flat{(lowest + highest) / 2, 0, 0, part / 2, (highest - lowest - part) / 2};
  return tilted.slack_r + tilted.slack_u < flat.slack_r + flat.slack_u ? tilted : flat;
}

}  // namespace isoloss
