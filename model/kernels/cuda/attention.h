// Causal attention of one layer on the device: out = softmax(scale Q K^T + bias[query - key]) V per
// sequence and head, forward and backward, with no array of length x length in memory. Its plain
// version is model/layers/attention.h's. Scores live in blocks of queries by keys, in the manner of
// FlashAttention-2 (Dao 2023, arXiv 2307.08691: running maximum and sum, log-sum-exp kept for the
// backward pass). With T = Bf16 products run on the matrix units with float32 sums; with float all
// is plain float32. Bits repeat: each gradient is added up by one block in the order of the rows,
// for which the backward pass makes scores twice.
// Work of a head and sequence: forward 2 products of 2 d_head length (length + 1) / 2 FLOPs,
// backward 7 (two passes, of 3 and 4). Memory, in matrices of all heads: forward 4, backward 12.
#pragma once
#include <cstdint>

#include "model/kernels/cuda/bfloat16.h"
#include "model/kernels/cuda/relative_bias.h"
#include "model/spec/model_spec.h"

namespace isoloss {

struct CausalShape {
  std::int64_t batch = 0;
  std::int64_t length = 0;
  std::int64_t heads = 0;
  std::int64_t kv_heads = 0;  // query head h reads K and V of head h / (heads / kv_heads)
  std::int64_t d_head = 0;
  float scale = 1;    // of the logits, before the bias
  bool tanh = false;  // of the weights, after the softmax; takes the plain kernels
};

constexpr std::int64_t kWidestHead = 128;
constexpr std::int64_t kMostDistances = 2048;  // whose sums fit in a block's shared memory

// Whether attention_forward and attention_backward can do this model's attention at `length`: heads
// as wide as a multiple of 8 up to 128, and relative positions of which at most 2048 distances lie
// before the last bucket.
bool attention_has_kernel(const ModelSpec& spec, std::int64_t length);

// A matrix of heads inside a wider one: element (sequence b, step t, head h, channel c) is
// data[(b length + t) stride + h d_head + c]. With Bf16, data is aligned to 16 bytes and stride a
// multiple of 8.
template <typename T>
struct HeadColumns {
  T* data = nullptr;
  std::int64_t stride = 0;
};

template <typename T>
struct AttentionInputs {
  HeadColumns<const T> query, key, value;
  const float* bias_by_distance = nullptr;  // of spread_bias(); null: none
};

// Rows of a head in what the passes keep: `length` and, up to a multiple of the blocks, rows that
// take part in nothing.
constexpr std::int64_t padded_length(const CausalShape& shape) {
  return (shape.length + 127) / 128 * 128;
}

// Floats that the forward pass keeps for the backward pass: of every row of every head the
// logarithm of the sum of exponentials, base 2, [batch, heads, padded_length].
inline std::int64_t attention_kept_floats(const CausalShape& shape) {
  return shape.batch * shape.heads * padded_length(shape);
}

// T is float or Bf16. `kept` may be null where no backward pass follows.
template <typename T>
void attention_forward(Stream& stream, const CausalShape& shape, const AttentionInputs<T>& inputs,
                       HeadColumns<T> out, float* kept);

// Floats of scratch that the backward pass needs; `buckets` 0: no bias.
std::int64_t attention_scratch_floats(const CausalShape& shape, std::int64_t buckets);

// Overwrites the gradients of query, key and value (which may not lie over their inputs) and, with
// a bias, adds to d_bias [heads, buckets].
template <typename T>
struct AttentionGradients {
  HeadColumns<T> query, key, value;
  const DistanceBuckets* buckets = nullptr;  // as in spread_bias(); null: no bias
  float* bias = nullptr;
};
template <typename T>
void attention_backward(Stream& stream, const CausalShape& shape, const AttentionInputs<T>& inputs,
                        HeadColumns<const T> out, HeadColumns<const T> d_out, const float* kept,
                        float* scratch, const AttentionGradients<T>& gradients);

}  // namespace isoloss
