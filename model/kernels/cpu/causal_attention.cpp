#include "model/kernels/cpu/causal_attention.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <vector>

#include "model/kernels/cpu/attention_head.h"
#include "model/kernels/cpu/cache_aligned.h"
#include "model/kernels/cpu/exponential.h"
#include "model/kernels/cpu/matrix_attention.h"
#include "model/kernels/cpu/parts.h"
#include "model/kernels/cpu/simd.h"

namespace isoloss {
namespace {

constexpr std::int64_t kBiasCopies = 4;  // overlapping sums apart, so that stores do not stall
constexpr double kMasked = -1e30;        // finite: its exponential is zero and no NaN can arise

// products[j] = sum over channels c of rows[j][c] columns[c][lane], for a group of keys j.
template <typename Real, typename Vector>
inline void group_products(const Real* rows, std::int64_t row_stride, const Real* columns,
                           std::int64_t column_stride, std::int64_t channels,
                           Vector (&products)[kAttentionGroup]) {
  using S = Simd<Real, kLanes<Real>>;
  for (Vector& p : products) p = Vector{};
  for (std::int64_t c = 0; c < channels; ++c) {
    const Vector column = S::load(columns + c * column_stride);
#pragma GCC unroll 8
    for (std::int64_t r = 0; r < kAttentionGroup; ++r)
      products[r] += rows[r * row_stride + c] * column;
  }
}

// to[c][lane] = scale[lane] sum over keys j of rows[j][c] weights[j][lane].
template <typename Real>
inline void weighted_rows(const Real* rows, std::int64_t channels, const Real* weights,
                          std::int64_t keys, const Real* scale, Real* to) {
  using S = Simd<Real, kLanes<Real>>;
  using Vector = typename S::Vector;
  const Vector factor = S::load(scale);
  for (std::int64_t c = 0; c < channels; c += kAttentionGroup) {
    Vector sums[kAttentionGroup] = {};
    for (std::int64_t j = 0; j < keys; ++j) {
      const Vector weight = S::load(weights + j * kLanes<Real>);
#pragma GCC unroll 8
      for (std::int64_t r = 0; r < kAttentionGroup; ++r)
        sums[r] += rows[j * channels + c + r] * weight;
    }
    for (std::int64_t r = 0; r < kAttentionGroup; ++r)
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
  for (std::int64_t j = 0; j < keys; j += kAttentionGroup) {
    Vector sums[kAttentionGroup];
    for (std::int64_t r = 0; r < kAttentionGroup; ++r)
      sums[r] = S::load(to + (j + r) * channels + first);
    for (std::int64_t l = 0; l < kLanes<Real>; ++l) {
      const Vector row = S::load(rows + l * channels + first);
#pragma GCC unroll 8
      for (std::int64_t r = 0; r < kAttentionGroup; ++r)
        sums[r] += weights[(j + r) * kLanes<Real> + l] * row;
    }
    for (std::int64_t r = 0; r < kAttentionGroup; ++r)
      S::store(to + (j + r) * channels + first, sums[r]);
  }
}

template <typename Real>
inline void add_outer_all(const Real* weights, const Real* rows, std::int64_t channels,
                          std::int64_t keys, Real* to) {
  std::int64_t c = 0;
  for (; c + kLanes<Real> <= channels; c += kLanes<Real>)
    add_outer<Real, kLanes<Real>>(weights, rows, channels, keys, c, to);
  for (; c < channels; c += kAttentionGroup)
    add_outer<Real, kAttentionGroup>(weights, rows, channels, keys, c, to);
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

// The bias by distance with minus infinity for keys to come in front of it, [kL + padded length];
// `bias` may be null (zero).
template <typename Real>
void masked_bias(const Real* bias, std::int64_t length, Buffer<Real>& all) {
  std::fill_n(all.begin(), kLanes<Real>, static_cast<Real>(kMasked));
  if (bias != nullptr) {
    std::copy_n(bias, length, all.begin() + kLanes<Real>);
  } else {
    std::fill(all.begin() + kLanes<Real>, all.end(), Real(0));
  }
}

template <typename Real>
Buffer<Real> zeros(std::int64_t n) {
  return Buffer<Real>(static_cast<std::size_t>(n), Real(0));
}

// What one thread works on; padding stays zero from one head to the next.
template <typename Real>
struct ForwardScratch {
  explicit ForwardScratch(const PaddedAttention<Real>& p)
      : query(zeros<Real>(p.length * p.channels)),
        key(query),
        value(query),
        out_block(zeros<Real>(p.channels * kLanes<Real>)),
        by_distance(zeros<Real>(kLanes<Real> + p.length)) {}
  Buffer<Real> query, key, value, out_block, by_distance;
};

template <typename Real>
struct BackwardScratch {
  explicit BackwardScratch(const PaddedAttention<Real>& p)
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
        d_bias(zeros<Real>(kBiasCopies * (p.length + kLanes<Real>))),
        scale(zeros<Real>(kLanes<Real>)) {}
  Buffer<Real> query, key, value, d_out, d_out_transposed, d_key, d_value;
  Buffer<Real> along;  // of each query, sum over channels of out times its gradient
  Buffer<Real> d_scores, d_query_block, d_bias, scale;
};

template <typename Stored>
bool on_matrix_units(const AttentionShape& shape) {
  return std::is_same_v<Stored, c10::BFloat16> && matrix_units_serve(shape);
}

// This thread's, made anew where the shape is another than last time.
template <typename Scratch, typename Real>
Scratch& scratch_for(const AttentionShape& shape) {
  static thread_local AttentionShape last;
  static thread_local std::optional<Scratch> scratch;
  if (!scratch || !(last == shape)) scratch.emplace(PaddedAttention<Real>(shape));
  last = shape;
  return *scratch;
}

// Calls work(part, K and V head, sequence) for each, a contiguous range for every thread.
template <typename Work>
void for_heads(const AttentionShape& shape, std::int64_t parts, const Work& work) {
  for_parts(parts, shape.kv_head_count() * shape.batch, 1,
            [&](std::int64_t part, std::int64_t first, std::int64_t last) {
              for (std::int64_t i = first; i < last; ++i)
                work(part, i / shape.batch, i % shape.batch);
            });
}

std::int64_t parts_of(const AttentionShape& shape) {
  return part_count(shape.kv_head_count() * shape.batch, 1);
}

// Gradients of one block's scores from its kept exponentials, which become probabilities.
template <typename Real>
void block_score_gradients(const PaddedAttention<Real>& padded, std::int64_t first, std::int64_t d,
                           bool biased, Real* kept, BackwardScratch<Real>& s) {
  constexpr std::int64_t kL = kLanes<Real>;
  using S = Simd<Real, kL>;
  using Vector = typename S::Vector;
  const std::int64_t keys = first + kL;
  const Vector inverse = S::load(kept + keys * kL);
  const Vector along = S::load(s.along.data() + first);
  for (std::int64_t j = 0; j < keys; j += kAttentionGroup) {
    Vector products[kAttentionGroup];
    group_products<Real>(s.value.data() + j * padded.channels, padded.channels,
                         s.d_out_transposed.data() + first, padded.length, d, products);
    for (std::int64_t r = 0; r < kAttentionGroup; ++r) {
      const Vector probability = S::load(kept + (j + r) * kL) * inverse;
      const Vector gradient = probability * (products[r] - along);
      S::store(kept + (j + r) * kL, probability);
      S::store(s.d_scores.data() + (j + r) * kL, gradient);
      if (!biased) continue;
      Real* bias = s.d_bias.data() + (r % kBiasCopies) * (padded.length + kL) + kL + first - j - r;
      S::store(bias, S::load(bias) + gradient);
    }
  }
}

template <typename Stored, typename Real>
void forward_head(const AttentionShape& shape, std::int64_t b, std::int64_t h,
                  Rows<const Stored> query, Rows<Stored> out, Real* kept, ForwardScratch<Real>& s) {
  constexpr std::int64_t kL = kLanes<Real>;
  using S = Simd<Real, kL>;
  const PaddedAttention<Real> padded(shape);
  const AttentionHead head(shape, b, h);
  head.pack_transposed(query, static_cast<Real>(shape.scale), padded.length, s.query.data());
  for (std::int64_t first = 0; first < shape.length; first += kL) {
    const std::int64_t keys = first + kL;
    for (std::int64_t j = 0; j < keys; j += kAttentionGroup) {
      typename S::Vector products[kAttentionGroup];
      group_products<Real>(s.key.data() + j * padded.channels, padded.channels,
                           s.query.data() + first, padded.length, shape.d_head, products);
      for (std::int64_t r = 0; r < kAttentionGroup; ++r)
        S::store(kept + (j + r) * kL,
                 products[r] + S::load(s.by_distance.data() + kL + first - j - r));
    }
    soft_maximum(kept, keys);
    weighted_rows(s.value.data(), padded.channels, kept, keys, kept + keys * kL,
                  s.out_block.data());
    head.unpack_block(s.out_block.data(), first, out);
    kept += (keys + 1) * kL;
  }
}

// Of each query, the sum over channels of out times its gradient.
template <typename Stored, typename Real>
void products_along(const AttentionHead& head, Rows<const Stored> out, Rows<const Stored> d_out,
                    Buffer<Real>& along) {
  for (std::int64_t t = 0; t < head.length; ++t) {
    const Stored* o = out.data + (head.row + t) * out.stride + head.channel;
    const Stored* g = d_out.data + (head.row + t) * d_out.stride + head.channel;
    Real sum = 0;
#pragma omp simd reduction(+ : sum)
    for (std::int64_t c = 0; c < head.d; ++c) sum += real(o[c]) * real(g[c]);
    along[static_cast<std::size_t>(t)] = sum;
  }
}

// One query head; its part of the gradients of K and V is added to the scratch's.
template <typename Stored, typename Real>
void backward_head(const AttentionShape& shape, const AttentionHead& head, Rows<const Stored> query,
                   Rows<const Stored> out, Rows<const Stored> d_out, Real* kept, Real* d_bias,
                   Rows<Stored> d_query, BackwardScratch<Real>& s) {
  constexpr std::int64_t kL = kLanes<Real>;
  const PaddedAttention<Real> padded(shape);
  const auto scale = static_cast<Real>(shape.scale);
  head.pack(query, scale, padded.channels, s.query.data());
  head.pack(d_out, Real(1), padded.channels, s.d_out.data());
  head.pack_transposed(d_out, Real(1), padded.length, s.d_out_transposed.data());
  products_along(head, out, d_out, s.along);
  std::fill(s.scale.begin(), s.scale.end(), scale);
  std::fill(s.d_bias.begin(), s.d_bias.end(), Real(0));
  for (std::int64_t first = 0; first < shape.length; first += kL) {
    const std::int64_t keys = first + kL;
    block_score_gradients(padded, first, shape.d_head, d_bias != nullptr, kept, s);
    weighted_rows(s.key.data(), padded.channels, s.d_scores.data(), keys, s.scale.data(),
                  s.d_query_block.data());
    head.unpack_block(s.d_query_block.data(), first, d_query);
    add_outer_all(s.d_scores.data(), s.query.data() + first * padded.channels, padded.channels,
                  keys, s.d_key.data());
    add_outer_all(kept, s.d_out.data() + first * padded.channels, padded.channels, keys,
                  s.d_value.data());
    kept += (keys + 1) * kL;
  }
  if (d_bias == nullptr) return;
  for (std::int64_t copy = 0; copy < kBiasCopies; ++copy) {
    const Real* sums = s.d_bias.data() + copy * (padded.length + kL) + kL;
    for (std::int64_t n = 0; n < shape.length; ++n) d_bias[n] += sums[n];
  }
}

}  // namespace

template <typename Stored>
std::int64_t attention_kept_size(const AttentionShape& shape) {
  if (on_matrix_units<Stored>(shape)) return matrix_attention_kept_size(shape);
  return shape.batch * shape.heads * PaddedAttention<RealOf<Stored>>(shape).kept();
}

template <typename Stored>
void causal_attention_forward(const AttentionShape& shape, Rows<const Stored> query,
                              Rows<const Stored> key, Rows<const Stored> value,
                              const RealOf<Stored>* bias, Rows<Stored> out, RealOf<Stored>* kept) {
  using Real = RealOf<Stored>;
  if constexpr (std::is_same_v<Stored, c10::BFloat16>)
    if (on_matrix_units<Stored>(shape))
      return matrix_attention_forward(shape, query, key, value, bias, out, kept);
  const PaddedAttention<Real> padded(shape);
  const std::int64_t group = shape.heads / shape.kv_head_count();
  for_heads(shape, parts_of(shape), [&](std::int64_t, std::int64_t kv, std::int64_t b) {
    auto& s = scratch_for<ForwardScratch<Real>, Real>(shape);
    const AttentionHead shared(shape, b, kv);
    shared.pack(key, Real(1), padded.channels, s.key.data());
    shared.pack(value, Real(1), padded.channels, s.value.data());
    for (std::int64_t h = kv * group; h < (kv + 1) * group; ++h) {
      masked_bias(bias == nullptr ? nullptr : bias + h * shape.length, shape.length, s.by_distance);
      forward_head(shape, b, h, query, out, kept + (h * shape.batch + b) * padded.kept(), s);
    }
  });
}

template <typename Stored>
void causal_attention_backward(const AttentionShape& shape, Rows<const Stored> query,
                               Rows<const Stored> key, Rows<const Stored> value,
                               Rows<const Stored> out, Rows<const Stored> d_out,
                               RealOf<Stored>* kept, const AttentionGradients<Stored>& gradients) {
  using Real = RealOf<Stored>;
  if constexpr (std::is_same_v<Stored, c10::BFloat16>)
    if (on_matrix_units<Stored>(shape))
      return matrix_attention_backward(shape, query, key, value, out, d_out, kept, gradients);
  const PaddedAttention<Real> padded(shape);
  const std::int64_t group = shape.heads / shape.kv_head_count();
  const std::int64_t parts = parts_of(shape);
  const std::int64_t biases = gradients.bias == nullptr ? 0 : shape.heads * shape.length;
  static thread_local std::vector<Real> memory;
  std::vector<Real>& sums = memory;  // the caller's, from whichever thread
  sums.assign(static_cast<std::size_t>(parts * biases), Real(0));
  for_heads(shape, parts, [&](std::int64_t part, std::int64_t kv, std::int64_t b) {
    auto& s = scratch_for<BackwardScratch<Real>, Real>(shape);
    const AttentionHead shared(shape, b, kv);
    shared.pack(key, Real(1), padded.channels, s.key.data());
    shared.pack(value, Real(1), padded.channels, s.value.data());
    std::fill(s.d_key.begin(), s.d_key.end(), Real(0));
    std::fill(s.d_value.begin(), s.d_value.end(), Real(0));
    for (std::int64_t h = kv * group; h < (kv + 1) * group; ++h)
      backward_head(shape, AttentionHead(shape, b, h), query, out, d_out,
                    kept + (h * shape.batch + b) * padded.kept(),
                    biases == 0 ? nullptr : sums.data() + part * biases + h * shape.length,
                    gradients.query, s);
    shared.unpack(s.d_key.data(), padded.channels, gradients.key);
    shared.unpack(s.d_value.data(), padded.channels, gradients.value);
  });
  for (std::int64_t part = 0; part < parts; ++part)
    for (std::int64_t i = 0; i < biases; ++i)
      gradients.bias[i] += sums[static_cast<std::size_t>(part * biases + i)];
}

template std::int64_t attention_kept_size<float>(const AttentionShape&);
template std::int64_t attention_kept_size<double>(const AttentionShape&);
template std::int64_t attention_kept_size<c10::BFloat16>(const AttentionShape&);
#define ISOLOSS_ATTENTION(Stored)                                                               \
  template void causal_attention_forward(const AttentionShape&, Rows<const Stored>,             \
                                         Rows<const Stored>, Rows<const Stored>,                \
                                         const RealOf<Stored>*, Rows<Stored>, RealOf<Stored>*); \
  template void causal_attention_backward(                                                      \
      const AttentionShape&, Rows<const Stored>, Rows<const Stored>, Rows<const Stored>,        \
      Rows<const Stored>, Rows<const Stored>, RealOf<Stored>*, const AttentionGradients<Stored>&);
ISOLOSS_ATTENTION(float)
ISOLOSS_ATTENTION(double)
ISOLOSS_ATTENTION(c10::BFloat16)
#undef ISOLOSS_ATTENTION

}  // namespace isoloss
