#include "model/kernels/cpu/causal_attention.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "model/kernels/cpu/attention_head.h"
#include "model/kernels/cpu/attention_products.h"
#include "model/kernels/cpu/cache_aligned.h"
#include "model/kernels/cpu/exponential.h"
#include "model/kernels/cpu/matrix_attention.h"
#include "model/kernels/cpu/parts.h"
#include "model/kernels/cpu/places.h"
#include "model/kernels/cpu/simd.h"

namespace isoloss {
namespace {

constexpr std::int64_t kBiasCopies = 4;  // overlapping sums apart, so that stores do not stall
constexpr double kMasked = -1e30;        // finite: its exponential is zero and no NaN can arise

template <typename Real>
inline Lanes<Real> exponentials(Lanes<Real> x) {
#if ISOLOSS_FLOAT_LANES
  if constexpr (kOnLanes<Real>) return exponential(FloatLanes(x)).values;
#endif
  Real values[kLanes<Real>];
  Simd<Real, kLanes<Real>>::store(values, x);
#pragma omp simd
  for (std::int64_t l = 0; l < kLanes<Real>; ++l) values[l] = exponential(values[l]);
  return Simd<Real, kLanes<Real>>::load(values);
}

// exp(scores - largest) in place, of one vector of queries; the inverse of their sum.
template <typename Real>
inline Lanes<Real> soft_maximum(std::int64_t keys, Lanes<Real> largest, Real* scores) {
  using S = Simd<Real, kLanes<Real>>;
  Lanes<Real> sum{};
  for (std::int64_t j = 0; j < keys; ++j) {
    Real* place = scores + j * kQueryBlock<Real>;
    const Lanes<Real> e = exponentials<Real>(S::load(place) - largest);
    S::store(place, e);
    sum += e;
  }
  return Real(1) / sum;
}

// The bias by distance with minus infinity for keys to come in front of it, [block of queries +
// padded length]; `bias` may be null (zero).
template <typename Real>
void masked_bias(const Real* bias, std::int64_t length, Buffer<Real>& all) {
  constexpr std::int64_t kB = kQueryBlock<Real>;
  std::fill_n(all.begin(), kB, static_cast<Real>(kMasked));
  if (bias != nullptr) {
    std::copy_n(bias, length, all.begin() + kB);
  } else {
    std::fill(all.begin() + kB, all.end(), Real(0));
  }
}

template <typename Real>
Buffer<Real> zeros(std::int64_t n) {
  return Buffer<Real>(static_cast<std::size_t>(n), Real(0));
}

// What one thread works on: a whole head or one block of its queries. Padding of the channels stays
// zero from one head to the next.
template <typename Real>
struct ForwardScratch {
  static constexpr std::int64_t kB = kQueryBlock<Real>;
  explicit ForwardScratch(const PaddedAttention<Real>& p)
      : key(zeros<Real>(p.length * p.channels)),
        value(key),
        query(zeros<Real>(p.channels * kB)),
        query_transposed(query),
        out(query),
        by_distance(zeros<Real>(kB + p.length)) {}
  Buffer<Real> key, value;
  Buffer<Real> query, query_transposed, out;  // of a block
  Buffer<Real> by_distance;
};

template <typename Real>
struct BackwardScratch {
  static constexpr std::int64_t kB = kQueryBlock<Real>;
  explicit BackwardScratch(const PaddedAttention<Real>& p)
      : key(zeros<Real>(p.length * p.channels)),
        value(key),
        d_key(key),
        d_value(key),
        query(zeros<Real>(p.channels * kB)),
        d_query(query),
        d_out(query),
        d_out_transposed(query),
        out(query),
        out_transposed(query),
        along(zeros<Real>(kB)),
        d_scores(zeros<Real>(p.length * kB)),
        d_bias(zeros<Real>(kBiasCopies * (p.length + kB))) {}
  Buffer<Real> key, value, d_key, d_value;
  Buffer<Real> query, d_query, d_out, d_out_transposed, out, out_transposed;  // of a block
  Buffer<Real> along;  // of each query, sum over channels of out times its gradient
  Buffer<Real> d_scores, d_bias;
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

// Calls work(part, K and V head, sequence) for each, a contiguous range for every thread. A
// sequence's heads share its pages of memory, so they follow each other.
template <typename Work>
void for_heads(const AttentionShape& shape, std::int64_t parts, const Work& work) {
  const std::int64_t heads = shape.kv_head_count();
  for_parts(parts, heads * shape.batch, 1,
            [&](std::int64_t part, std::int64_t first, std::int64_t last) {
              for (std::int64_t i = first; i < last; ++i) work(part, i % heads, i / heads);
            });
}

constexpr auto unscaled = [](std::int64_t) { return 1; };

std::int64_t parts_of(const AttentionShape& shape) {
  return part_count(shape.kv_head_count() * shape.batch, 1);
}

template <typename Stored, typename Real>
void forward_head(const AttentionShape& shape, std::int64_t b, std::int64_t h,
                  Rows<const Stored> query, Rows<Stored> out, Real* kept, ForwardScratch<Real>& s) {
  constexpr std::int64_t kL = kLanes<Real>, kB = kQueryBlock<Real>;
  using S = Simd<Real, kL>;
  const std::int64_t channels = PaddedAttention<Real>(shape).channels;
  const AttentionHead head(shape, b, h);
  for (std::int64_t first = 0; first < shape.length; first += kB) {
    head.pack(
        query, first, kB, channels, [&](std::int64_t) { return shape.scale; }, s.query.data());
    transpose_queries(s.query.data(), channels, s.query_transposed.data());
    const Real* bias = s.by_distance.data() + kB + first;
    Lanes<Real> largest[2] = {Lanes<Real>{} + static_cast<Real>(kMasked),
                              Lanes<Real>{} + static_cast<Real>(kMasked)};
    for_scores(s.key.data(), channels, shape.d_head, s.query_transposed.data(), first,
               [&](std::int64_t key, std::int64_t v, Lanes<Real> product) {
                 const Lanes<Real> score = product + S::load(bias - key + v * kL);
                 largest[v] = score > largest[v] ? score : largest[v];
                 S::store(kept + key * kB + v * kL, score);
               });
    Real* inverse = kept + (first + kB) * kB;
    for (std::int64_t v = 0; v < 2; ++v)
      S::store(inverse + v * kL, soft_maximum(first + (v + 1) * kL, largest[v], kept + v * kL));
    sum_over_keys(kept, s.value.data(), channels, first, s.out.data());
    head.unpack(
        s.out.data(), first, kB, channels, [&](std::int64_t q) { return inverse[q]; }, out);
    kept = inverse + kB;
  }
}

// Gradients of one block's scores from its exponentials e: e / sum e (product - along), where d_out
// and along are divided by the sum already.
template <typename Real>
void score_gradients(const PaddedAttention<Real>& padded, std::int64_t first, std::int64_t d,
                     bool biased, const Real* kept, BackwardScratch<Real>& s) {
  constexpr std::int64_t kL = kLanes<Real>, kB = kQueryBlock<Real>;
  using S = Simd<Real, kL>;
  const Lanes<Real> along[2] = {S::load(s.along.data()), S::load(s.along.data() + kL)};
  const auto gradients = [&](auto add_to_bias) {
    for_scores(s.value.data(), padded.channels, d, s.d_out_transposed.data(), first,
               [&](std::int64_t key, std::int64_t v, Lanes<Real> product) {
                 const std::int64_t at = key * kB + v * kL;
                 const Lanes<Real> gradient = S::load(kept + at) * (product - along[v]);
                 S::store(s.d_scores.data() + at, gradient);
                 add_to_bias(key, v, gradient);
               });
  };
  if (!biased) return gradients([](std::int64_t, std::int64_t, Lanes<Real>) {});
  gradients([&](std::int64_t key, std::int64_t v, Lanes<Real> gradient) {
    Real* bias =
        s.d_bias.data() + key % kBiasCopies * (padded.length + kB) + kB + first - key + v * kL;
    S::store(bias, S::load(bias) + gradient);
  });
}

// d_out and its products along the channels with out, of one block, both over the sums of the
// exponentials. The products are summed as those with the values are, so that what one key alone
// takes has no gradient, not even a rounding.
template <typename Stored, typename Real>
void pack_gradient(const AttentionHead& head, std::int64_t channels, Rows<const Stored> out,
                   Rows<const Stored> d_out, std::int64_t first, const Real* inverse,
                   BackwardScratch<Real>& s) {
  constexpr std::int64_t kL = kLanes<Real>, kB = kQueryBlock<Real>;
  using S = Simd<Real, kL>;
  head.pack(
      d_out, first, kB, channels, [&](std::int64_t q) { return inverse[q]; }, s.d_out.data());
  transpose_queries(s.d_out.data(), channels, s.d_out_transposed.data());
  head.pack(out, first, kB, channels, unscaled, s.out.data());
  transpose_queries(s.out.data(), channels, s.out_transposed.data());
  Lanes<Real> along[2] = {};
  for (std::int64_t c = 0; c < head.d; ++c)
    for (std::int64_t v = 0; v < 2; ++v)
      along[v] += S::load(s.out_transposed.data() + c * kB + v * kL) *
                  S::load(s.d_out_transposed.data() + c * kB + v * kL);
  for (std::int64_t v = 0; v < 2; ++v) S::store(s.along.data() + v * kL, along[v]);
}

// One query head; its part of the gradients of K and V is added to the scratch's.
template <typename Stored, typename Real>
void backward_head(const AttentionShape& shape, const AttentionHead& head, Rows<const Stored> query,
                   Rows<const Stored> out, Rows<const Stored> d_out, const Real* kept, Real* d_bias,
                   Rows<Stored> d_query, BackwardScratch<Real>& s) {
  constexpr std::int64_t kB = kQueryBlock<Real>;
  const PaddedAttention<Real> padded(shape);
  const std::int64_t channels = padded.channels;
  const auto scale = [&](std::int64_t) { return shape.scale; };
  std::fill(s.d_bias.begin(), s.d_bias.end(), Real(0));
  for (std::int64_t first = 0; first < shape.length; first += kB) {
    const Real* inverse = kept + (first + kB) * kB;
    head.pack(query, first, kB, channels, scale, s.query.data());
    pack_gradient(head, channels, out, d_out, first, inverse, s);
    score_gradients(padded, first, shape.d_head, d_bias != nullptr, kept, s);
    sum_over_keys(s.d_scores.data(), s.key.data(), channels, first, s.d_query.data());
    head.unpack(s.d_query.data(), first, kB, channels, scale, d_query);
    add_over_queries(s.d_scores.data(), s.query.data(), channels, first, s.d_key.data());
    add_over_queries(kept, s.d_out.data(), channels, first, s.d_value.data());
    kept = inverse + kB;
  }
  if (d_bias == nullptr) return;
  for (std::int64_t copy = 0; copy < kBiasCopies; ++copy) {
    const Real* sums = s.d_bias.data() + copy * (padded.length + kB) + kB;
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
    shared.pack(key, 0, padded.length, padded.channels, unscaled, s.key.data());
    shared.pack(value, 0, padded.length, padded.channels, unscaled, s.value.data());
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
                               const RealOf<Stored>* kept,
                               const AttentionGradientRows<Stored>& gradients) {
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
    shared.pack(key, 0, padded.length, padded.channels, unscaled, s.key.data());
    shared.pack(value, 0, padded.length, padded.channels, unscaled, s.value.data());
    std::fill(s.d_key.begin(), s.d_key.end(), Real(0));
    std::fill(s.d_value.begin(), s.d_value.end(), Real(0));
    for (std::int64_t h = kv * group; h < (kv + 1) * group; ++h)
      backward_head(shape, AttentionHead(shape, b, h), query, out, d_out,
                    kept + (h * shape.batch + b) * padded.kept(),
                    biases == 0 ? nullptr : sums.data() + part * biases + h * shape.length,
                    gradients.query, s);
    shared.unpack(s.d_key.data(), 0, shape.length, padded.channels, unscaled, gradients.key);
    shared.unpack(s.d_value.data(), 0, shape.length, padded.channels, unscaled, gradients.value);
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
      Rows<const Stored>, Rows<const Stored>, const RealOf<Stored>*,                            \
      const AttentionGradientRows<Stored>&);
ISOLOSS_ATTENTION(float)
ISOLOSS_ATTENTION(double)
ISOLOSS_ATTENTION(c10::BFloat16)
#undef ISOLOSS_ATTENTION

}  // namespace isoloss
