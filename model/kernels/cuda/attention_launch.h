// What attention.cu dispatches to, by stored type: the float32 kernels (attention_float_*.cu) and
// those of the matrix units (attention_bfloat16_*.cu). Arguments are attention.h's, checked.
#pragma once
#include "model/kernels/cuda/attention.h"

namespace isoloss {

using simt::Bf16;

// The backward pass's scratch: of each row sum(out d_out), [batch, heads, padded_length], and of
// each block of queries the gradient of the bias, [heads, batch * blocks, buckets].
struct AttentionScratch {
  float* row_dots = nullptr;
  float* bias_sums = nullptr;
};

// Queries a block of the pass that makes the gradient of the query, and so of the bias.
inline constexpr std::int64_t kFloatQueries = 32;
inline constexpr std::int64_t kBf16Queries = 128;

void forward_kernel(Stream& stream, const CausalShape& shape, const AttentionInputs<float>& inputs,
                    HeadColumns<float> out, float* kept);
void forward_kernel(Stream& stream, const CausalShape& shape, const AttentionInputs<Bf16>& inputs,
                    HeadColumns<Bf16> out, float* kept);

// Gradient of the query, the scratch filled beside it.
void query_gradient_kernel(Stream& stream, const CausalShape& shape,
                           const AttentionInputs<float>& inputs, HeadColumns<const float> out,
                           HeadColumns<const float> d_out, const float* kept,
                           const AttentionScratch& scratch,
                           const AttentionGradients<float>& gradients);
void query_gradient_kernel(Stream& stream, const CausalShape& shape,
                           const AttentionInputs<Bf16>& inputs, HeadColumns<const Bf16> out,
                           HeadColumns<const Bf16> d_out, const float* kept,
                           const AttentionScratch& scratch,
                           const AttentionGradients<Bf16>& gradients);

// Gradients of key and value; reads the scratch's row_dots.
void key_gradient_kernel(Stream& stream, const CausalShape& shape,
                         const AttentionInputs<float>& inputs, HeadColumns<const float> d_out,
                         const float* kept, const AttentionScratch& scratch,
                         const AttentionGradients<float>& gradients);
void key_gradient_kernel(Stream& stream, const CausalShape& shape,
                         const AttentionInputs<Bf16>& inputs, HeadColumns<const Bf16> d_out,
                         const float* kept, const AttentionScratch& scratch,
                         const AttentionGradients<Bf16>& gradients);

}  // namespace isoloss
