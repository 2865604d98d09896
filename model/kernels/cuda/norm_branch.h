// What norms' kernels do with a branch, eight values at a time.
#pragma once
#include "model/kernels/cuda/eight.h"
#include "model/kernels/cuda/norm.h"

namespace isoloss::device {

template <typename T>
ISOLOSS_INLINE float branch_factor(const Branch<T>& branch) {
  return branch.rezero ? branch.factor * branch.rezero[0] : branch.factor;
}

// x + factor (values + bias) at eight places from `at`, in columns from `column`.
template <typename T>
ISOLOSS_INLINE void add_values(Eight& x, const Branch<T>& branch, float factor, std::int64_t at,
                               std::int64_t column) {
  const Eight values = load_eight(branch.values + at);
  const Eight bias = branch.bias ? load_eight(branch.bias + column) : all_eight(0);
  ISOLOSS_UNROLL
  for (int i = 0; i < 8; ++i) x.at[i] += factor * (values.at[i] + bias.at[i]);
}

}  // namespace isoloss::device
