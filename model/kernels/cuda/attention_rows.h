// Where the rows of a head lie, for the kernels of attention.
#pragma once
#include <cstdint>

#include "model/kernels/cuda/attention.h"
#include "model/kernels/cuda/simt.h"

namespace isoloss {

template <typename T>
ISOLOSS_INLINE T* head_row(const HeadColumns<T>& x, const CausalShape& shape, int sequence,
                           int head, int step) {
  return x.data + (sequence * shape.length + step) * x.stride + head * shape.d_head;
}

// In what the passes keep of each row, [batch, heads, padded_length].
ISOLOSS_INLINE std::int64_t kept_row(const CausalShape& shape, int sequence, int head, int step) {
  return (sequence * shape.heads + head) * padded_length(shape) + step;
}

// The value at distance 0 of a head's bias by distance.
ISOLOSS_INLINE const float* head_bias(const float* by_distance, const CausalShape& shape,
                                      int head) {
  return by_distance + head * bias_row(shape.length) + kBiasLead;
}

}  // namespace isoloss
