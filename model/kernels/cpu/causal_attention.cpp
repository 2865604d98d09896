#include "model/kernels/cpu/causal_attention.h"

#include <algorithm>
#include <limits>
#include <new>
#include <vector>

#include "model/kernels/cpu/exponential.h"
#include "model/kernels/cpu/simd.h"

namespace isoloss {
namespace {

constexpr std::int64_t kGroup = 8;       // keys or channels whose accumulators fill registers
constexpr std::int64_t kBiasCopies = 4;  // overlapping sums apart, so that stores do not stall
constexpr double kMasked = -1e30;        // finite: its exponential is zero and no NaN can arise

std::int64_t round_up(std::int64_t n, std::int64_t multiple) {
  return (n + multiple - 1) / multiple * multiple;
}

template <typename Real>
struct CacheAligned {
  using value_type = Real;
  CacheAligned() = default;
  template <typename Other>
  explicit CacheAligned(const CacheAligned<Other>&) {}
  Real* allocate(std::size_t n) {
    return static_cast<Real*>(::operator new (n * sizeof(Real), std::align_val_t{64}));
  }
  void deallocate(Real* p, std::size_t) { ::operator delete (p, std::align_val_t{64}); }
  bool operator==(const CacheAligned&) const = default;
};
template <typename Real>
using Buffer = std::vector<Real, CacheAligned<Real>>;

// Padded sizes: steps to whole vectors, channels to whole groups; padding is zero.
template <typename Real>
struct Padded {
  static constexpr std::int64_t kL = kLanes<Real>;
  explicit Padded(const AttentionShape& s)
      : length(round_up(s.length, kL)), channels(round_up(s.d_head, kGroup)) {}
  std::int64_t length, channels;
  std::int64_t blocks() const { return length / kL; }
  // Of one sequence and head: block q holds (q + 1) kL keys by kL queries and the kL inverse sums.
  std::int64_t kept() const { return kL * kL * blocks() * (blocks() + 1) / 2 + kL * blocks(); }
};

template <typename Real>
struct Head {
  Head(const AttentionShape& shape, std::int64_t b, std::int64_t h)
      : row(b * shape.length), channel(h * shape.d_head), length(shape.length), d(shape.d_head) {}
  std::int64_t row, channel, length, d;

  void pack(Rows<const Real> from, std::int64_t channels, Real* to) const {
    for (std::int64_t t = 0; t < length; ++t) {
      const Real* in = from.data + (row + t) * from.stride + channel;
      for (std::int64_t c = 0; c < d; ++c) to[t * channels + c] = in[c];
    }
  }
  void pack_transposed(Rows<const Real> from, std::int64_t steps, Real* to) const {
    for (std::int64_t t = 0; t < length; ++t) {
      const Real* in = from.data + (row + t) * from.stride + channel;
      for (std::int64_t c = 0; c < d; ++c) to[c * steps + t] = in[c];
    }
  }
  void unpack(const Real* from, std::int64_t channels, Rows<Real> to) const {
    for (std::int64_t t = 0; t < length; ++t) {
      Real* out = to.data + (row + t) * to.stride + channel;
      for (std::int64_t c = 0; c < d; ++c) out[c] = from[t * channels + c];
    }
  }
  // One block of kL queries, [channels, kL].
  void unpack_block(const Real* from, std::int64_t first, Rows<Real> to) const {
    const std::int64_t count = std::min(kLanes<Real>, length - first);
    for (std::int64_t l = 0; l < count; ++l) {
      Real* out = to.data + (row + first + l) * to.stride + channel;
      for (std::int64_t c = 0; c < d; ++c) out[c] = from[c * kLanes<Real> + l];
    }
  }
};

// products[j] = sum over channels c of rows[j][c] columns[c][lane], for a group of keys j.
template <typename Real, typename Vector>
inline void group_products(const Real* rows, std::int64_t row_stride, const Real* columns,
                           std::int64_t column_stride, std::int64_t channels,
                           Vector (&products)[kGroup]) {
  using S = Simd<Real, kLanes<Real>>;
  for (Vector& p : products) p = Vector{};
  for (std::int64_t c = 0; c < channels; ++c) {
    const Vector column = S::load(columns + c * column_stride);
#pragma GCC unroll 8
    for (std::int64_t r = 0; r < kGroup; ++r) products[r] += rows[r * row_stride + c] * column;
  }
}

// to[c][lane] = scale[lane] sum over keys j of rows[j][c] weights[j][lane].
template <typename Real>
inline void weighted_rows(const Real* rows, std::int64_t channels, const Real* weights,
                          std::int64_t keys, const Real* scale, Real* to) {
  using S = Simd<Real, kLanes<Real>>;
  using Vector = typename S::Vector;
  const Vector factor = S::load(scale);
  for (std::int64_t c = 0; c < channels; c += kGroup) {
    Vector sums[kGroup] = {};
    for (std::int64_t j = 0; j < keys; ++j) {
      const Vector weight = S::load(weights + j * kLanes<Real>);
#pragma GCC unroll 8
      for (std::int64_t r = 0; r < kGroup; ++r) sums[r] += rows[j * channels + c + r] * weight;
    }
    for (std::int64_t r = 0; r < kGroup; ++r)
      S::store(to + (c + r) * kLanes<Real>, sums[r] * factor);
  }
}

// to[j][first ..] += sum over the block's queries l of weights[j][l] rows[l][first ..], `lanes`
// channels wide, for every key j.
template <typename Real, std::int64_t lanes>
inline void add_outer(const Real* weights, const Real* rows, std::int64_t channels,
                      std::int64_t keys, std::int64_t first, Real* to) {
  using S = Simd<Real, lanes>;
  using Vector = typename S::Vector;
  for (std::int64_t j = 0; j < keys; j += kGroup) {
    Vector sums[kGroup];
    for (std::int64_t r = 0; r < kGroup; ++r) sums[r] = S::load(to + (j + r) * channels + first);
    for (std::int64_t l = 0; l < kLanes<Real>; ++l) {
      const Vector row = S::load(rows + l * channels + first);
#pragma GCC unroll 8
      for (std::int64_t r = 0; r < kGroup; ++r)
        sums[r] += weights[(j + r) * kLanes<Real> + l] * row;
    }
    for (std::int64_t r = 0; r < kGroup; ++r) S::store(to + (j + r) * channels + first, sums[r]);
  }
}

template <typename Real>
inline void add_outer_all(const Real* weights, const Real* rows, std::int64_t channels,
                          std::int64_t keys, Real* to) {
  std::int64_t c = 0;
  for (; c + kLanes<Real> <= channels; c += kLanes<Real>)
    add_outer<Real, kLanes<Real>>(weights, rows, channels, keys, c, to);
  for (; c < channels; c += kGroup) add_outer<Real, kGroup>(weights, rows, channels, keys, c, to);
}

// exp(scores - largest) in place; writes the inverse sums of each query behind them.
template <typename Real>
inline void soft_maximum(Real* scores, std::int64_t keys) {
  constexpr std::int64_t kL = kLanes<Real>;
  Real largest[kL], sum[kL] = {};
  for (std::int64_t l = 0; l < kL; ++l) largest[l] = static_cast<Real>(kMasked);
  for (std::int64_t j = 0; j < keys; ++j)
#pragma omp simd
    for (std::int64_t l = 0; l < kL; ++l)
      largest[l] = scores[j * kL + l] > largest[l] ? scores[j * kL + l] : largest[l];
  for (std::int64_t j = 0; j < keys; ++j)
#pragma omp simd
    for (std::int64_t l = 0; l < kL; ++l) {
      const Real e = exponential(scores[j * kL + l] - largest[l]);
      scores[j * kL + l] = e;
      sum[l] += e;
    }
  for (std::int64_t l = 0; l < kL; ++l) scores[keys * kL + l] = Real(1) / sum[l];
}

// The bias by distance with minus infinity for keys to come in front of it, [kL + padded length].
template <typename Real>
Buffer<Real> masked_bias(const Real* bias, std::int64_t length, std::int64_t padded) {
  Buffer<Real> all(static_cast<std::size_t>(kLanes<Real> + padded), Real(0));
  std::fill_n(all.begin(), kLanes<Real>, static_cast<Real>(kMasked));
  std::copy_n(bias, length, all.begin() + kLanes<Real>);
  return all;
}

template <typename Real>
Buffer<Real> zeros(std::int64_t n) {
  return Buffer<Real>(static_cast<std::size_t>(n), Real(0));
}

// What one head's backward pass works on; padding stays zero from one head to the next.
template <typename Real>
struct BackwardScratch {
  explicit BackwardScratch(const Padded<Real>& p)
      : query(zeros<Real>(p.length * p.channels)),
        key(query),
        value(query),
        d_out(query),
        d_out_transposed(query),
        d_key(query),
        d_value(query),
        along(zeros<Real>(p.length)),
        d_scores(zeros<Real>(p.length * kLanes<Real>)),
        d_query_block(zeros<Real>(p.channels * kLanes<Real>)),
        d_bias(zeros<Real>(kBiasCopies * (p.length + kLanes<Real>))) {}
  Buffer<Real> query, key, value, d_out, d_out_transposed, d_key, d_value;
  Buffer<Real> along;  // of each query, sum over channels of out times its gradient
  Buffer<Real> d_scores, d_query_block, d_bias;
};

// Gradients of one block's scores from its kept exponentials, which become probabilities.
template <typename Real>
void block_score_gradients(const Padded<Real>& padded, std::int64_t first, std::int64_t d,
                           Real* kept, BackwardScratch<Real>& s) {
  constexpr std::int64_t kL = kLanes<Real>;
  using S = Simd<Real, kL>;
  using Vector = typename S::Vector;
  const std::int64_t keys = first + kL;
  const Vector inverse = S::load(kept + keys * kL);
  const Vector along = S::load(s.along.data() + first);
  for (std::int64_t j = 0; j < keys; j += kGroup) {
    Vector products[kGroup];
    group_products<Real>(s.value.data() + j * padded.channels, padded.channels,
                         s.d_out_transposed.data() + first, padded.length, d, products);
    for (std::int64_t r = 0; r < kGroup; ++r) {
      const Vector probability = S::load(kept + (j + r) * kL) * inverse;
      const Vector gradient = probability * (products[r] - along);
      S::store(kept + (j + r) * kL, probability);
      S::store(s.d_scores.data() + (j + r) * kL, gradient);
      Real* bias = s.d_bias.data() + (r % kBiasCopies) * (padded.length + kL) + kL + first - j - r;
      S::store(bias, S::load(bias) + gradient);
    }
  }
}

}  // namespace

template <typename Real>
std::int64_t attention_kept_size(const AttentionShape& shape) {
  return shape.batch * shape.heads * Padded<Real>(shape).kept();
}

template <typename Real>
void causal_attention_forward(const AttentionShape& shape, Rows<const Real> query,
                              Rows<const Real> key, Rows<const Real> value, const Real* bias,
                              Rows<Real> out, Real* kept) {
  constexpr std::int64_t kL = kLanes<Real>;
  using S = Simd<Real, kL>;
  using Vector = typename S::Vector;
  const Padded<Real> padded(shape);
  Buffer<Real> q = zeros<Real>(padded.length * padded.channels);
  Buffer<Real> k = q;
  Buffer<Real> v = q;
  Buffer<Real> block_out = zeros<Real>(padded.channels * kL);
  for (std::int64_t h = 0; h < shape.heads; ++h) {
    const Buffer<Real> by_distance =
        masked_bias(bias + h * shape.length, shape.length, padded.length);
    for (std::int64_t b = 0; b < shape.batch; ++b) {
      const Head<Real> head(shape, b, h);
      head.pack_transposed(query, padded.length, q.data());
      head.pack(key, padded.channels, k.data());
      head.pack(value, padded.channels, v.data());
      for (std::int64_t first = 0; first < shape.length; first += kL) {
        const std::int64_t keys = first + kL;
        for (std::int64_t j = 0; j < keys; j += kGroup) {
          Vector products[kGroup];
          group_products<Real>(k.data() + j * padded.channels, padded.channels, q.data() + first,
                               padded.length, shape.d_head, products);
          for (std::int64_t r = 0; r < kGroup; ++r)
            S::store(kept + (j + r) * kL,
                     products[r] + S::load(by_distance.data() + kL + first - j - r));
        }
        soft_maximum(kept, keys);
        weighted_rows(v.data(), padded.channels, kept, keys, kept + keys * kL, block_out.data());
        head.unpack_block(block_out.data(), first, out);
        kept += (keys + 1) * kL;
      }
    }
  }
}

template <typename Real>
void causal_attention_backward(const AttentionShape& shape, Rows<const Real> query,
                               Rows<const Real> key, Rows<const Real> value, Rows<const Real> out,
                               Rows<const Real> d_out, Real* kept,
                               const AttentionGradients<Real>& gradients) {
  constexpr std::int64_t kL = kLanes<Real>;
  const Padded<Real> padded(shape);
  BackwardScratch<Real> s(padded);
  const Buffer<Real> ones(static_cast<std::size_t>(kL), Real(1));
  for (std::int64_t h = 0; h < shape.heads; ++h) {
    std::fill(s.d_bias.begin(), s.d_bias.end(), Real(0));
    for (std::int64_t b = 0; b < shape.batch; ++b) {
      const Head<Real> head(shape, b, h);
      head.pack(query, padded.channels, s.query.data());
      head.pack(key, padded.channels, s.key.data());
      head.pack(value, padded.channels, s.value.data());
      head.pack(d_out, padded.channels, s.d_out.data());
      head.pack_transposed(d_out, padded.length, s.d_out_transposed.data());
      for (std::int64_t t = 0; t < shape.length; ++t) {
        const Real* o = out.data + (head.row + t) * out.stride + head.channel;
        const Real* g = d_out.data + (head.row + t) * d_out.stride + head.channel;
        Real sum = 0;
        for (std::int64_t c = 0; c < shape.d_head; ++c) sum += o[c] * g[c];
        s.along[static_cast<std::size_t>(t)] = sum;
      }
      std::fill(s.d_key.begin(), s.d_key.end(), Real(0));
      std::fill(s.d_value.begin(), s.d_value.end(), Real(0));
      for (std::int64_t first = 0; first < shape.length; first += kL) {
        const std::int64_t keys = first + kL;
        block_score_gradients(padded, first, shape.d_head, kept, s);
        weighted_rows(s.key.data(), padded.channels, s.d_scores.data(), keys, ones.data(),
                      s.d_query_block.data());
        head.unpack_block(s.d_query_block.data(), first, gradients.query);
        add_outer_all(s.d_scores.data(), s.query.data() + first * padded.channels, padded.channels,
                      keys, s.d_key.data());
        add_outer_all(kept, s.d_out.data() + first * padded.channels, padded.channels, keys,
                      s.d_value.data());
        kept += (keys + 1) * kL;
      }
      head.unpack(s.d_key.data(), padded.channels, gradients.key);
      head.unpack(s.d_value.data(), padded.channels, gradients.value);
    }
    for (std::int64_t copy = 0; copy < kBiasCopies; ++copy) {
      const Real* sums = s.d_bias.data() + copy * (padded.length + kL) + kL;
      for (std::int64_t n = 0; n < shape.length; ++n)
        gradients.bias[h * shape.length + n] += sums[n];
    }
  }
}

template std::int64_t attention_kept_size<float>(const AttentionShape&);
template std::int64_t attention_kept_size<double>(const AttentionShape&);
template void causal_attention_forward(const AttentionShape&, Rows<const float>, Rows<const float>,
                                       Rows<const float>, const float*, Rows<float>, float*);
template void causal_attention_forward(const AttentionShape&, Rows<const double>,
                                       Rows<const double>, Rows<const double>, const double*,
                                       Rows<double>, double*);
template void causal_attention_backward(const AttentionShape&, Rows<const float>, Rows<const float>,
                                        Rows<const float>, Rows<const float>, Rows<const float>,
                                        float*, const AttentionGradients<float>&);
template void causal_attention_backward(const AttentionShape&, Rows<const double>,
                                        Rows<const double>, Rows<const double>, Rows<const double>,
                                        Rows<const double>, double*,
                                        const AttentionGradients<double>&);

}  // namespace isoloss
