// One sequence and one head of Q, K and V in the layout that causal_attention.cpp computes in:
// steps padded to whole vectors, channels to whole groups.
#pragma once
#include <algorithm>
#include <cstdint>

#include "model/kernels/cpu/causal_attention.h"
#include "model/kernels/cpu/simd.h"
#include "model/kernels/cpu/stored.h"

namespace isoloss {

inline constexpr std::int64_t kAttentionGroup =
    8;  // keys or channels whose accumulators fill registers

inline std::int64_t round_up(std::int64_t n, std::int64_t multiple) {
  return (n + multiple - 1) / multiple * multiple;
}

// Padded sizes: steps to whole vectors, channels to whole groups; padding is zero.
template <typename Real>
struct PaddedAttention {
  static constexpr std::int64_t kL = kLanes<Real>;
  explicit PaddedAttention(const AttentionShape& s)
      : length(round_up(s.length, kL)), channels(round_up(s.d_head, kAttentionGroup)) {}
  std::int64_t length, channels;
  std::int64_t blocks() const { return length / kL; }
  // Of one sequence and head: block q holds (q + 1) kL keys by kL queries and the kL inverse sums.
  std::int64_t kept() const { return kL * kL * blocks() * (blocks() + 1) / 2 + kL * blocks(); }
};

// One sequence and one head of Q, K or V.
struct AttentionHead {
  AttentionHead(const AttentionShape& shape, std::int64_t b, std::int64_t h)
      : row(b * shape.length), channel(h * shape.d_head), length(shape.length), d(shape.d_head) {}
  std::int64_t row, channel, length, d;

  template <typename Stored, typename Real>
  void pack(Rows<const Stored> from, Real scale, std::int64_t channels, Real* to) const {
    for (std::int64_t t = 0; t < length; ++t) {
      const Stored* in = from.data + (row + t) * from.stride + channel;
      for (std::int64_t c = 0; c < d; ++c) to[t * channels + c] = scale * real(in[c]);
    }
  }
  template <typename Stored, typename Real>
  void pack_transposed(Rows<const Stored> from, Real scale, std::int64_t steps, Real* to) const {
    for (std::int64_t t = 0; t < length; ++t) {
      const Stored* in = from.data + (row + t) * from.stride + channel;
      for (std::int64_t c = 0; c < d; ++c) to[c * steps + t] = scale * real(in[c]);
    }
  }
  template <typename Stored, typename Real>
  void unpack(const Real* from, std::int64_t channels, Rows<Stored> to) const {
    for (std::int64_t t = 0; t < length; ++t) {
      Stored* out = to.data + (row + t) * to.stride + channel;
      for (std::int64_t c = 0; c < d; ++c) out[c] = stored<Stored>(from[t * channels + c]);
    }
  }
  // One block of kL queries, [channels, kL].
  template <typename Stored, typename Real>
  void unpack_block(const Real* from, std::int64_t first, Rows<Stored> to) const {
    const std::int64_t count = std::min(kLanes<Real>, length - first);
    for (std::int64_t l = 0; l < count; ++l) {
      Stored* out = to.data + (row + first + l) * to.stride + channel;
      for (std::int64_t c = 0; c < d; ++c) out[c] = stored<Stored>(from[c * kLanes<Real> + l]);
    }
  }
};

}  // namespace isoloss
