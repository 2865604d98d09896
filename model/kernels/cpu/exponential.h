// exp(x) in plain arithmetic, so that a loop over it becomes vector code: 2^n times the Taylor
// polynomial of exp on [-ln 2 / 2, ln 2 / 2]. Relative error below 2e-7 in float, 5e-16 in double;
// zero below the range; x must not exceed it (88 and 709). NaN stays NaN, so that a run that
// diverged is seen.
#pragma once
#include <bit>
#include <cstdint>

namespace isoloss {

inline float exponential(float x) {
  constexpr float kRound = 12582912.0f;  // 1.5 * 2^23: adding it rounds to a whole number
  const float kept = x < -87.0f ? -87.0f : x;
  const float shifted = kept * 1.44269504f + kRound;
  const float n = shifted - kRound;
  const float r = (kept - n * 0.693359375f) + n * 2.12194440e-4f;
  float p = 1.0f / 5040;
  p = p * r + 1.0f / 720;
  p = p * r + 1.0f / 120;
  p = p * r + 1.0f / 24;
  p = p * r + 1.0f / 6;
  p = p * r + 0.5f;
  p = p * r + 1.0f;
  p = p * r + 1.0f;
  const auto exponent = std::bit_cast<std::int32_t>(shifted) << 23;
  const float value = std::bit_cast<float>(std::bit_cast<std::int32_t>(p) + exponent);
  return x == x ? (x < -87.0f ? 0.0f : value) : x;
}

inline double exponential(double x) {
  constexpr double kRound = 6755399441055744.0;  // 1.5 * 2^52
  const double kept = x < -708.0 ? -708.0 : x;
  const double shifted = kept * 1.4426950408889634 + kRound;
  const double n = shifted - kRound;
  const double r = (kept - n * 0.693145751953125) - n * 1.42860682030941723212e-6;
  double p = 1.0 / 6227020800.0;
  p = p * r + 1.0 / 479001600.0;
  p = p * r + 1.0 / 39916800.0;
  p = p * r + 1.0 / 3628800.0;
  p = p * r + 1.0 / 362880.0;
  p = p * r + 1.0 / 40320.0;
  p = p * r + 1.0 / 5040.0;
  p = p * r + 1.0 / 720.0;
  p = p * r + 1.0 / 120.0;
  p = p * r + 1.0 / 24.0;
  p = p * r + 1.0 / 6.0;
  p = p * r + 0.5;
  p = p * r + 1.0;
  p = p * r + 1.0;
  const auto exponent = std::bit_cast<std::int64_t>(shifted) << 52;
  const double value = std::bit_cast<double>(std::bit_cast<std::int64_t>(p) + exponent);
  return x == x ? (x < -708.0 ? 0.0 : value) : x;
}

}  // namespace isoloss
