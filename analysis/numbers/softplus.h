// ln(1 + e^x) and its slope, without overflow on either side.
#pragma once
#include <algorithm>
#include <cmath>

namespace isoloss {

inline double softplus(double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))); }

struct SoftplusAt {
  double value, slope;
};

inline SoftplusAt softplus_at(double x) {
  const double e = std::exp(-std::abs(x));
  return {std::max(x, 0.0) + std::log1p(e), (x < 0 ? e : 1) / (1 + e)};
}

}  // namespace isoloss
