// What attention.cu chooses among: the plain kernels (attention_plain_*.cu) of both stored types
// and those of the matrix units (attention_bfloat16_*.cu). Arguments are attention.h's, checked.
#pragma once
#include "model/kernels/cuda/attention.h"

namespace isoloss {

using simt::Bf16;

// The backward pass's scratch: of each row what the softmax takes off its gradients, [batch, heads,
// padded_length], and of each block of queries the gradient of the bias, [heads, batch * blocks,
// buckets].
struct AttentionScratch {
  float* row_dots = nullptr;
  float* bias_sums = nullptr;
};

// Queries a block of the pass that makes the gradient of the query, and so of the bias.
inline constexpr std::int64_t kPlainQueries = 32;
inline constexpr std::int64_t kBf16Queries = 128;

template <typename T>
void plain_forward_kernel(Stream& stream, const CausalShape& shape,
                          const AttentionInputs<T>& inputs, HeadColumns<T> out, float* kept);
// Gradient of the query, the scratch filled beside it.
template <typename T>
void plain_query_gradient_kernel(Stream& stream, const CausalShape& shape,
                                 const AttentionInputs<T>& inputs, HeadColumns<const T> out,
                                 HeadColumns<const T> d_out, const float* kept,
                                 const AttentionScratch& scratch,
                                 const AttentionGradients<T>& gradients);
// Gradients of key and value; reads the scratch's row_dots.
template <typename T>
void plain_key_gradient_kernel(Stream& stream, const CausalShape& shape,
                               const AttentionInputs<T>& inputs, HeadColumns<const T> d_out,
                               const float* kept, const AttentionScratch& scratch,
                               const AttentionGradients<T>& gradients);

// The same on the matrix units, without tanh of the weights.
void forward_kernel(Stream& stream, const CausalShape& shape, const AttentionInputs<Bf16>& inputs,
                    HeadColumns<Bf16> out, float* kept);
void query_gradient_kernel(Stream& stream, const CausalShape& shape,
                           const AttentionInputs<Bf16>& inputs, HeadColumns<const Bf16> out,
                           HeadColumns<const Bf16> d_out, const float* kept,
                           const AttentionScratch& scratch,
                           const AttentionGradients<Bf16>& gradients);
void key_gradient_kernel(Stream& stream, const CausalShape& shape,
                         const AttentionInputs<Bf16>& inputs, HeadColumns<const Bf16> d_out,
                         const float* kept, const AttentionScratch& scratch,
                         const AttentionGradients<Bf16>& gradients);

}  // namespace isoloss
