#include "model/kernels/cpu/matrix_attention.h"

#include <ATen/native/CPUBlas.h>

#include <algorithm>
#include <memory>

#include "model/kernels/cpu/cache_aligned.h"
#include "model/kernels/cpu/exponential.h"
#include "model/kernels/cpu/parts.h"
#include "model/kernels/cpu/places.h"
#include "model/kernels/cpu/register_blocks.h"

namespace isoloss {
namespace {

using c10::BFloat16;

constexpr std::int64_t kBlock = 64;        // queries of a block; columns of a product
constexpr std::int64_t kTall = 2 * kSide;  // rows that are transposed at once
constexpr float kMasked = -1e30f;          // finite: its exponential is zero and no NaN can arise

std::int64_t round_up(std::int64_t n, std::int64_t multiple) {
  return (n + multiple - 1) / multiple * multiple;
}

const std::uint16_t* bits(const BFloat16* x) { return reinterpret_cast<const std::uint16_t*>(x); }
std::uint16_t* bits(BFloat16* x) { return reinterpret_cast<std::uint16_t*>(x); }

// One block of queries of a sequence: rows [first, first + rows), padded rows, and the keys that
// they read, padded too.
struct QueryBlock {
  std::int64_t first, rows, padded, keys;
};

// Calls work(block, place of its probabilities) for every block of a sequence; returns the places.
template <typename Work>
std::int64_t for_query_blocks(std::int64_t length, const Work& work) {
  std::int64_t place = 0;
  for (std::int64_t first = 0; first < length; first += kBlock) {
    const std::int64_t rows = std::min(kBlock, length - first);
    const QueryBlock block{first, rows, round_up(rows, kTall), round_up(first + rows, kTall)};
    work(block, place);
    place += block.padded * block.keys;
  }
  return place;
}

std::int64_t kept_of_head(std::int64_t length) {
  return for_query_blocks(length, [](const QueryBlock&, std::int64_t) {});
}

// C (+)= A B: A [m, k] rows, B [k, n] with its rows in pairs, `b_row` columns wide.
void product(std::int64_t m, std::int64_t n, std::int64_t k, const BFloat16* a,
             std::int64_t a_stride, const BFloat16* b, std::int64_t b_row, bool add, float* c,
             std::int64_t c_stride) {
  for (std::int64_t first = 0; first < n; first += kBlock)
    at::native::cpublas::brgemm(m, std::min(kBlock, n - first), k, a_stride, b_row, c_stride, add,
                                a, b + 2 * first, c + first);
}

// One sequence and one head of Q, K, V or their gradients.
template <typename Stored>
struct HeadRows {
  HeadRows(const AttentionShape& shape, std::int64_t b, std::int64_t h, Rows<Stored> rows)
      : data(rows.data + b * shape.length * rows.stride + h * shape.d_head), stride(rows.stride) {}
  Stored* row(std::int64_t t) const { return data + t * stride; }
  Stored* data;
  std::int64_t stride;
};

// Rows in pairs: the pair of steps 2 t and 2 t + 1 side by side for each channel, [steps / 2, d].
void pair_rows(const AttentionShape& shape, const HeadRows<const BFloat16>& from, BFloat16* to) {
  const std::int64_t d = shape.d_head;
  for (std::int64_t t = 0; t + 1 < shape.length; t += 2)
    for (std::int64_t c = 0; c < d; c += kSide)
      Words::store(reinterpret_cast<std::uint32_t*>(bits(to + t * d + 2 * c)),
                   pairs_of_rows(bits(from.row(t) + c), bits(from.row(t + 1) + c)));
  if (shape.length % 2 == 0) return;
  const std::int64_t last = shape.length - 1;  // its partner is padding
  for (std::int64_t c = 0; c < d; ++c) to[last * d + 2 * c] = from.row(last)[c];
}

// The transpose with its rows, which are channels, in pairs: blocks of 64 steps, [d / 2, 64] each.
void pair_channels(const AttentionShape& shape, const HeadRows<const BFloat16>& from,
                   BFloat16* to) {
  const std::int64_t d = shape.d_head, whole = shape.length / kSide * kSide;
  const auto place = [&](std::int64_t t, std::int64_t c) {
    return to + t / kBlock * kBlock * d + c * kBlock + t % kBlock * 2;
  };
  for (std::int64_t t = 0; t < whole; t += kSide)
    for (std::int64_t c = 0; c < d; c += kTall)
      transpose_words(bits(from.row(t) + c), from.stride, bits(place(t, c)), 2 * kBlock);
  for (std::int64_t t = whole; t < shape.length; ++t)
    for (std::int64_t c = 0; c < d; c += 2) std::copy_n(from.row(t) + c, 2, place(t, c));
}

// scores [rows, keys] = A (transpose of what `channels` holds).
void score_products(const AttentionShape& shape, const QueryBlock& block,
                    const HeadRows<const BFloat16>& a, const Buffer<BFloat16>& channels,
                    float* scores) {
  for (std::int64_t k = 0; k < block.keys; k += kBlock)
    product(block.rows, std::min(kBlock, block.keys - k), shape.d_head, a.row(block.first),
            a.stride, channels.data() + k * shape.d_head, kBlock, false, scores + k, block.keys);
}

void store_rows(std::int64_t rows, std::int64_t d, float factor, const float* from,
                const HeadRows<BFloat16>& to, std::int64_t first) {
  for (std::int64_t r = 0; r < rows; ++r) {
    for_places<float>(0, d, [=, row = from + r * d, out = to.row(first + r)](auto at) {
      write(out, at, factor * read(row, at));
    });
  }
}

// This thread's working memory. Padding is zero and stays so.
struct Scratch {
  explicit Scratch(const AttentionShape& s)
      : shape(s),
        steps(round_up(s.length, kBlock)),
        rows_a(zeros<BFloat16>(steps * s.d_head)),
        rows_b(rows_a),
        rows_c(rows_a),
        channels(rows_a),
        turned(zeros<BFloat16>(steps * kBlock)),
        d_scores(turned),
        scores(zeros<float>(steps * kBlock)),
        block(zeros<float>(kBlock * s.d_head)),
        d_key(zeros<float>(steps * s.d_head)),
        d_value(d_key),
        by_distance(zeros<float>(2 * steps)),
        d_bias(by_distance) {}

  template <typename Value>
  static Buffer<Value> zeros(std::int64_t size) {
    return Buffer<Value>(static_cast<std::size_t>(size), Value(0));
  }

  AttentionShape shape;
  std::int64_t steps;
  Buffer<BFloat16> rows_a, rows_b, rows_c;  // in pairs
  Buffer<BFloat16> channels;                // in pairs
  Buffer<BFloat16> turned, d_scores;
  Buffer<float> scores, block, d_key, d_value;
  Buffer<float> by_distance, d_bias;  // place length - 1 - distance
};

Scratch& scratch_for(const AttentionShape& shape) {
  static thread_local std::unique_ptr<Scratch> kept;
  if (!kept || !(kept->shape == shape)) kept = std::make_unique<Scratch>(shape);
  return *kept;
}

// Key k's bias at query q is at [length - 1 - q + k]; what the mask hides has none.
void lay_out_bias(const float* bias, std::int64_t length, Buffer<float>& by_distance) {
  std::fill(by_distance.begin(), by_distance.end(), kMasked);
  for (std::int64_t j = 0; j < length; ++j)
    by_distance[static_cast<std::size_t>(j)] = bias == nullptr ? 0 : bias[length - 1 - j];
}

// Probabilities of one query's row of products, `keys` of them; those it does not see are zero.
void soft_maximum(float* row, std::int64_t seen, std::int64_t keys, float scale, const float* bias,
                  BFloat16* to) {
  const std::int64_t n = round_up(seen, kSide);
  const float largest = largest_of_places(n, kMasked, [=](auto at) {
    const auto score = scale * read(row, at) + read(bias, at);
    write(row, at, score);
    return score;
  });
  const float sum = sum_of_places<float>(n, [=](auto at) {
    const auto e = exponential(read(row, at) - largest);
    write(row, at, e);
    return e;
  });
  const float inverse = 1 / sum;
  for_places<float>(0, n, [=](auto at) { write(to, at, read(row, at) * inverse); });
  std::fill(to + n, to + keys, BFloat16(0));
}

// Transposes a block of `rows` rows (whole ones of kTall) and `columns` columns.
void turn(std::int64_t rows, std::int64_t columns, const BFloat16* from, BFloat16* to) {
  for (std::int64_t r = 0; r < rows; r += kTall)
    for (std::int64_t c = 0; c < columns; c += kSide)
      transpose_pairs(bits(from + r * columns + c), columns, bits(to + c * rows + r), rows);
}

float product_along(std::int64_t d, const BFloat16* a, const BFloat16* b) {
  return sum_of_places<float>(d, [=](auto at) { return read(a, at) * read(b, at); });
}

// From a row of the probabilities' gradient to the scores', scaled; adds the unscaled to d_bias.
void score_gradient(std::int64_t keys, const BFloat16* probabilities, const float* d_row,
                    float along, float scale, BFloat16* to, float* d_bias) {
  if (d_bias == nullptr) {
    for_places<float>(0, keys, [=](auto at) {
      write(to, at, scale * read(probabilities, at) * (read(d_row, at) - along));
    });
    return;
  }
  for_places<float>(0, keys, [=](auto at) {
    const auto gradient = read(probabilities, at) * (read(d_row, at) - along);
    write(to, at, scale * gradient);
    add(d_bias, at, gradient);
  });
}

// The gradient of one query head; adds its part of K's and V's to the scratch.
void backward_head(const AttentionShape& shape, std::int64_t b, std::int64_t h,
                   Rows<const BFloat16> query, Rows<const BFloat16> out, Rows<const BFloat16> d_out,
                   const BFloat16* kept, float* d_bias, Rows<BFloat16> d_query, Scratch& s) {
  const std::int64_t d = shape.d_head, length = shape.length;
  const auto scale = static_cast<float>(shape.scale);
  const HeadRows<const BFloat16> o(shape, b, h, out), d_o(shape, b, h, d_out);
  pair_rows(shape, {shape, b, h, query}, s.rows_b.data());
  pair_rows(shape, d_o, s.rows_c.data());
  std::fill(s.d_bias.begin(), s.d_bias.end(), 0.0f);
  for_query_blocks(length, [&](const QueryBlock& block, std::int64_t place) {
    const BFloat16* probabilities = kept + place;
    const std::int64_t keys = block.keys, below = block.first * d;
    score_products(shape, block, d_o, s.channels, s.scores.data());
    for (std::int64_t r = 0; r < block.rows; ++r) {
      const std::int64_t q = block.first + r;
      score_gradient(keys, probabilities + r * keys, s.scores.data() + r * keys,
                     product_along(d, o.row(q), d_o.row(q)), scale, s.d_scores.data() + r * keys,
                     d_bias == nullptr ? nullptr : s.d_bias.data() + length - 1 - q);
    }
    std::fill(s.d_scores.data() + block.rows * keys, s.d_scores.data() + block.padded * keys,
              BFloat16(0));
    product(block.rows, d, keys, s.d_scores.data(), keys, s.rows_a.data(), d, false, s.block.data(),
            d);
    store_rows(block.rows, d, 1, s.block.data(), {shape, b, h, d_query}, block.first);
    turn(block.padded, keys, s.d_scores.data(), s.turned.data());
    product(keys, d, block.padded, s.turned.data(), block.padded, s.rows_b.data() + below, d, true,
            s.d_key.data(), d);
    turn(block.padded, keys, probabilities, s.turned.data());
    product(keys, d, block.padded, s.turned.data(), block.padded, s.rows_c.data() + below, d, true,
            s.d_value.data(), d);
  });
  if (d_bias == nullptr) return;
  for (std::int64_t n = 0; n < length; ++n)
    d_bias[n] += s.d_bias[static_cast<std::size_t>(length - 1 - n)];
}

// Calls work(part, K and V head, sequence) for each, a contiguous range for every thread. A
// sequence's heads share its pages of memory, so they follow each other.
template <typename Work>
void for_heads(const AttentionShape& shape, std::int64_t parts, const Work& work) {
  const std::int64_t heads = shape.kv_head_count();
  for_parts(parts, heads * shape.batch, 1,
            [&](std::int64_t part, std::int64_t first, std::int64_t last) {
              for (std::int64_t i = first; i < last; ++i) work(part, i % heads, i / heads);
              at::native::cpublas::brgemm_release();
            });
}

}  // namespace

bool matrix_units_serve(const AttentionShape& shape) {
  static const bool there = at::native::cpublas::could_pack(at::kBFloat16);
  return there && shape.d_head % kTall == 0 && shape.length >= kTall;
}

std::int64_t matrix_attention_kept_size(const AttentionShape& shape) {
  return shape.batch * shape.heads * kept_of_head(shape.length) / 2;
}

void matrix_attention_forward(const AttentionShape& shape, Rows<const BFloat16> query,
                              Rows<const BFloat16> key, Rows<const BFloat16> value,
                              const float* bias, Rows<BFloat16> out, float* kept) {
  const std::int64_t d = shape.d_head, group = shape.heads / shape.kv_head_count();
  const std::int64_t of_head = kept_of_head(shape.length);
  auto* all = reinterpret_cast<BFloat16*>(kept);
  const std::int64_t parts = part_count(shape.kv_head_count() * shape.batch, 1);
  for_heads(shape, parts, [&](std::int64_t, std::int64_t kv, std::int64_t b) {
    Scratch& s = scratch_for(shape);
    pair_channels(shape, {shape, b, kv, key}, s.channels.data());
    pair_rows(shape, {shape, b, kv, value}, s.rows_a.data());
    for (std::int64_t h = kv * group; h < (kv + 1) * group; ++h) {
      lay_out_bias(bias == nullptr ? nullptr : bias + h * shape.length, shape.length,
                   s.by_distance);
      BFloat16* of_this = all + (h * shape.batch + b) * of_head;
      for_query_blocks(shape.length, [&](const QueryBlock& block, std::int64_t place) {
        BFloat16* probabilities = of_this + place;
        score_products(shape, block, {shape, b, h, query}, s.channels, s.scores.data());
        for (std::int64_t r = 0; r < block.rows; ++r) {
          const std::int64_t q = block.first + r;
          soft_maximum(s.scores.data() + r * block.keys, q + 1, block.keys,
                       static_cast<float>(shape.scale), s.by_distance.data() + shape.length - 1 - q,
                       probabilities + r * block.keys);
        }
        std::fill(probabilities + block.rows * block.keys,
                  probabilities + block.padded * block.keys, BFloat16(0));
        product(block.rows, d, block.keys, probabilities, block.keys, s.rows_a.data(), d, false,
                s.block.data(), d);
        store_rows(block.rows, d, 1, s.block.data(), {shape, b, h, out}, block.first);
      });
    }
  });
}

void matrix_attention_backward(const AttentionShape& shape, Rows<const BFloat16> query,
                               Rows<const BFloat16> key, Rows<const BFloat16> value,
                               Rows<const BFloat16> out, Rows<const BFloat16> d_out,
                               const float* kept,
                               const AttentionGradientRows<BFloat16>& gradients) {
  const std::int64_t group = shape.heads / shape.kv_head_count();
  const std::int64_t of_head = kept_of_head(shape.length);
  const auto* all = reinterpret_cast<const BFloat16*>(kept);
  const std::int64_t parts = part_count(shape.kv_head_count() * shape.batch, 1);
  const std::int64_t biases = gradients.bias == nullptr ? 0 : shape.heads * shape.length;
  Buffer<float> sums(static_cast<std::size_t>(parts * biases), 0.0f);
  for_heads(shape, parts, [&](std::int64_t part, std::int64_t kv, std::int64_t b) {
    Scratch& s = scratch_for(shape);
    pair_rows(shape, {shape, b, kv, key}, s.rows_a.data());
    pair_channels(shape, {shape, b, kv, value}, s.channels.data());
    std::fill(s.d_key.begin(), s.d_key.end(), 0.0f);
    std::fill(s.d_value.begin(), s.d_value.end(), 0.0f);
    for (std::int64_t h = kv * group; h < (kv + 1) * group; ++h)
      backward_head(shape, b, h, query, out, d_out, all + (h * shape.batch + b) * of_head,
                    biases == 0 ? nullptr : sums.data() + part * biases + h * shape.length,
                    gradients.query, s);
    store_rows(shape.length, shape.d_head, 1, s.d_key.data(), {shape, b, kv, gradients.key}, 0);
    store_rows(shape.length, shape.d_head, 1, s.d_value.data(), {shape, b, kv, gradients.value}, 0);
  });
  for (std::int64_t part = 0; part < parts; ++part)
    for (std::int64_t i = 0; i < biases; ++i)
      gradients.bias[i] += sums[static_cast<std::size_t>(part * biases + i)];
}

}  // namespace isoloss
