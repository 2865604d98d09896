// Sums in double over sixteen fixed lanes: the compiler may vectorise them and the order of
// additions stays the same.
#pragma once
#include <array>
#include <cstddef>

namespace isoloss {

inline constexpr std::size_t kLanes = 16;

// Sum of term(0) .. term(count - 1).
template <typename Term>
double lane_sum(std::size_t count, Term term) {
  std::array<double, kLanes> lanes{};
  const std::size_t whole = count - count % kLanes;
  for (std::size_t i = 0; i < whole; i += kLanes) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) lanes[lane] += term(i + lane);
  }
  for (std::size_t i = whole; i < count; ++i) lanes[i - whole] += term(i);
  double sum = 0;
  for (const double lane : lanes) sum += lane;
  return sum;
}

}  // namespace isoloss
