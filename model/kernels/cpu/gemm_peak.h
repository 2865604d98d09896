// What matrix products reach on this machine, as the yardstick of utilisation: the largest rate
// over several shapes, LibTorch's products or the fused blocks', the intra-op threads being those
// that are set.
#pragma once

namespace isoloss {

enum class GemmType { Float32, BFloat16 };

// FLOP/s (a multiply-add is two) of the fastest of square and training-shaped products, each the
// best of repeats that take about `seconds` in all.
double gemm_peak(GemmType type, double seconds = 1);

}  // namespace isoloss
