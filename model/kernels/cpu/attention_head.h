// One sequence and one head of Q, K and V in the layout that causal_attention.cpp computes in:
// steps padded to whole blocks of queries, channels to whole vectors, both with zeros.
#pragma once
#include <algorithm>
#include <cstdint>

#include "model/kernels/cpu/attention_products.h"
#include "model/kernels/cpu/causal_attention.h"
#include "model/kernels/cpu/places.h"

namespace isoloss {

inline std::int64_t round_up(std::int64_t n, std::int64_t multiple) {
  return (n + multiple - 1) / multiple * multiple;
}

template <typename Real>
struct PaddedAttention {
  static constexpr std::int64_t kB = kQueryBlock<Real>;
  explicit PaddedAttention(const AttentionShape& s)
      : length(round_up(s.length, kB)), channels(round_up(s.d_head, kLanes<Real>)) {}
  std::int64_t length, channels;
  std::int64_t blocks() const { return length / kB; }
  // Of one sequence and head: block q holds (q + 1) kB keys by kB queries and the kB inverse sums.
  std::int64_t kept() const { return kB * kB * blocks() * (blocks() + 1) / 2 + kB * blocks(); }
};

// One sequence and one head of Q, K or V.
struct AttentionHead {
  AttentionHead(const AttentionShape& shape, std::int64_t b, std::int64_t h)
      : row(b * shape.length), channel(h * shape.d_head), length(shape.length), d(shape.d_head) {}
  std::int64_t row, channel, length, d;

  template <typename Stored>
  Stored* at(Rows<Stored> rows, std::int64_t t) const {
    return rows.data + (row + t) * rows.stride + channel;
  }

  // Steps [first, first + count), step first + i times factor(i); zeros behind the sequence. What
  // pads the channels is not written.
  template <typename Stored, typename Real, typename Factor>
  void pack(Rows<const Stored> from, std::int64_t first, std::int64_t count, std::int64_t channels,
            const Factor& factor, Real* to) const {
    const std::int64_t there = std::min(count, length - first);
    for (std::int64_t i = 0; i < there; ++i)
      copy_row(at(from, first + i), static_cast<Real>(factor(i)), to + i * channels);
    std::fill(to + there * channels, to + count * channels, Real(0));
  }
  template <typename Stored, typename Real, typename Factor>
  void unpack(const Real* from, std::int64_t first, std::int64_t count, std::int64_t channels,
              const Factor& factor, Rows<Stored> to) const {
    const std::int64_t there = std::min(count, length - first);
    constexpr auto kLine = static_cast<std::int64_t>(64 / sizeof(Stored));
    for (std::int64_t i = 0; i < there; ++i)  // or stores to rows far apart wait for each other
      for (std::int64_t c = 0; c < d; c += kLine) __builtin_prefetch(at(to, first + i) + c, 1);
    for (std::int64_t i = 0; i < there; ++i)
      copy_row(from + i * channels, static_cast<Real>(factor(i)), at(to, first + i));
  }

 private:
  template <typename From, typename Real, typename To>
  void copy_row(const From* from, Real factor, To* to) const {
    for_places<Real>(0, d, [=](auto place) { write(to, place, factor * read(from, place)); });
  }
};

}  // namespace isoloss
