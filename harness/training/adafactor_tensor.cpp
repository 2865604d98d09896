#include "harness/training/adafactor_tensor.h"

namespace isoloss {

std::size_t whole_extent(const Parameter& p, int axis) {
  const std::int64_t own = p.shape[static_cast<std::size_t>(axis)];
  return static_cast<std::size_t>(p.whole_extent > 0 && p.tensor_axis == axis ? p.whole_extent
                                                                              : own);
}

double whole_size(const Parameter& p) {
  double size = 1;
  for (std::size_t i = 0; i < p.shape.size(); ++i)
    size *= static_cast<double>(whole_extent(p, static_cast<int>(i)));
  return size;
}

}  // namespace isoloss
