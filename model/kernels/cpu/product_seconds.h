// How long matrix products of given shapes take here, in float32 and in bfloat16, as the fused
// blocks make them (x W^T); the intra-op threads are those that are set.
#pragma once
#include <cstdint>
#include <span>

#include "model/kernels/cpu/gemm_peak.h"

namespace isoloss {

struct TimedProduct {
  std::int64_t m = 0, n = 0, k = 0;
  double times = 1;  // how often it is made
};

// Seconds of all of them, each measured as the shorter of two repeats after one that is not
// counted; one that is slow is timed once, so that this ends soon on any machine.
double product_seconds(GemmType type, std::span<const TimedProduct> products);

}  // namespace isoloss
