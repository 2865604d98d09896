// What repeated data are worth (Muennighoff et al. 2023): of e^u usable tokens or parameters,
// e^used used, h(r, u) = ln of the amount that counts, r the logarithm of the decay constant. It
// rises in r and in u, in u with a slope that falls as either grows, in r with one that falls as u
// grows; from u = used on it is `used`.
#pragma once

namespace isoloss {

struct Range {
  double low, high;
  double middle() const { return (low + high) / 2; }
  double half() const { return (high - low) / 2; }
};

struct RepeatedWorth {
  double h, by_r, by_u;
};
RepeatedWorth repeated_worth(double r, double u, double log_used);

// In the ranges h is within `slack_r` + `slack_u` of h + by_r (r - middle) + by_u (u - middle).
struct WorthPlane {
  double h, by_r, by_u, slack_r, slack_u;
};
WorthPlane worth_plane(Range r, Range u, double log_used);

}  // namespace isoloss
