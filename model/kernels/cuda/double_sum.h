// The sum over a block in double precision, for the few numbers that a step hangs on.
#pragma once
#include "model/kernels/cuda/simt.h"

namespace isoloss::device {

// To all threads of a block of `threads` (a power of two), by halves, so that the order is always
// the same. All of them call it; shared: `threads` doubles that nobody else uses meanwhile.
template <int threads>
ISOLOSS_INLINE double double_sum(double x, double* shared) {
  shared[threadIdx.x] = x;
  simt::sync_block();
  for (unsigned width = threads / 2; width > 0; width /= 2) {
    if (threadIdx.x < width) shared[threadIdx.x] += shared[threadIdx.x + width];
    simt::sync_block();
  }
  const double total = shared[0];
  simt::sync_block();
  return total;
}

}  // namespace isoloss::device
