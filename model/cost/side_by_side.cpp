#include "model/cost/side_by_side.h"

namespace isoloss {

std::int64_t parts_side_by_side(std::int64_t rows, std::int64_t threads, double gradient_bytes) {
  constexpr double kMostBytes = 16e6;
  const bool divides = threads > 1 && rows % threads == 0;
  return divides && static_cast<double>(threads - 1) * gradient_bytes < kMostBytes ? threads : 1;
}

}  // namespace isoloss
