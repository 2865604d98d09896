// Causal attention, softmax(scale Q K^T + bias[query - key]) V per sequence and head, forward and
// backward, skipping what the mask hides. The plain version is that of model/layers/attention.h.
// Queries go in blocks of two vectors (attention_products.h) and any head size and length will do;
// exponentials of the scores and their inverse sums are kept for the backward pass. In bfloat16 it
// runs on the processor's matrix units where they serve (matrix_attention.h). Heads and sequences
// are split among threads; bits depend on their number alone.
#pragma once
#include <cstdint>

#include "model/kernels/cpu/stored.h"

namespace isoloss {

struct AttentionShape {
  std::int64_t batch = 0;
  std::int64_t length = 0;
  std::int64_t heads = 0;
  std::int64_t d_head = 0;
  std::int64_t kv_heads = 0;  // query head h reads K and V of head h / (heads / kv_heads); 0: heads
  double scale = 1;           // of the logits, before the bias

  std::int64_t kv_head_count() const { return kv_heads == 0 ? heads : kv_heads; }
  bool operator==(const AttentionShape&) const = default;
};

// Element (sequence b, step t, head h, channel c) is data[(b length + t) stride + h d_head + c].
template <typename Stored>
struct Rows {
  Stored* data = nullptr;
  std::int64_t stride = 0;
};

// Elements, of RealOf<Stored>, that the forward pass keeps for the backward pass.
template <typename Stored>
std::int64_t attention_kept_size(const AttentionShape& shape);

// `bias` is [heads, length], by distance; null: none.
template <typename Stored>
void causal_attention_forward(const AttentionShape& shape, Rows<const Stored> query,
                              Rows<const Stored> key, Rows<const Stored> value,
                              const RealOf<Stored>* bias, Rows<Stored> out, RealOf<Stored>* kept);

// Overwrites the gradients of query, key and value and adds to d_bias, [heads, length] (null where
// there is no bias).
template <typename Stored>
struct AttentionGradientRows {
  Rows<Stored> query, key, value;
  RealOf<Stored>* bias = nullptr;
};
template <typename Stored>
void causal_attention_backward(const AttentionShape& shape, Rows<const Stored> query,
                               Rows<const Stored> key, Rows<const Stored> value,
                               Rows<const Stored> out, Rows<const Stored> d_out,
                               const RealOf<Stored>* kept,
                               const AttentionGradientRows<Stored>& gradients);

}  // namespace isoloss
