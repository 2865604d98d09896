// What predictions of memory and of time count in.
#pragma once
#include <cstdint>

namespace isoloss {

inline constexpr double kFloat = 4;  // bytes
// At most so many elements of a sum over ranks are on their way at once: what is longer is cut (MPI
// communicator, gradient buckets).
inline constexpr double kMessageElements = 1 << 20;

inline double real(std::int64_t n) { return static_cast<double>(n); }

}  // namespace isoloss
