// Causal attention with a bias by distance, softmax(Q K^T + bias[query - key]) V per sequence and
// head, forward and backward, skipping what the mask hides. The plain version is attention() of
// model/layers/sublayers.h. Vectors run along queries, so any head size and length will do;
// unscaled probabilities are kept for the backward pass. One thread, fixed order of summation.
#pragma once
#include <cstdint>

namespace isoloss {

struct AttentionShape {
  std::int64_t batch = 0;
  std::int64_t length = 0;
  std::int64_t heads = 0;
  std::int64_t d_head = 0;
};

// Element (sequence b, step t, head h, channel c) is data[(b length + t) stride + h d_head + c].
template <typename Real>
struct Rows {
  Real* data = nullptr;
  std::int64_t stride = 0;
};

// Elements that the forward pass keeps for the backward pass.
template <typename Real>
std::int64_t attention_kept_size(const AttentionShape& shape);

// `bias` is [heads, length], by distance.
template <typename Real>
void causal_attention_forward(const AttentionShape& shape, Rows<const Real> query,
                              Rows<const Real> key, Rows<const Real> value, const Real* bias,
                              Rows<Real> out, Real* kept);

// Overwrites the gradients of query, key and value and adds to d_bias, [heads, length]. `kept` is
// used up.
template <typename Real>
struct AttentionGradients {
  Rows<Real> query, key, value;
  Real* bias = nullptr;
};
template <typename Real>
void causal_attention_backward(const AttentionShape& shape, Rows<const Real> query,
                               Rows<const Real> key, Rows<const Real> value, Rows<const Real> out,
                               Rows<const Real> d_out, Real* kept,
                               const AttentionGradients<Real>& gradients);

}  // namespace isoloss
