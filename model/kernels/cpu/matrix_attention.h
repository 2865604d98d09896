// Causal attention in bfloat16 on the processor's matrix units (AMX, AVX-512 BF16), by oneDNN's
// block products through LibTorch: operands bfloat16, sums, softmax and its gradient float32, as
// the plain version of model/layers/attention.h rounds. Queries go in blocks of 64 rows; a block
// reads the keys up to its last row. Called by causal_attention.h.
#pragma once
#include <c10/util/BFloat16.h>

#include "model/kernels/cpu/causal_attention.h"

namespace isoloss {

// Whether the processor and the shape suit: whole vectors of channels, sequences that fill blocks.
bool matrix_units_serve(const AttentionShape& shape);

// Floats kept for the backward pass: the probabilities, rounded to bfloat16.
std::int64_t matrix_attention_kept_size(const AttentionShape& shape);

void matrix_attention_forward(const AttentionShape& shape, Rows<const c10::BFloat16> query,
                              Rows<const c10::BFloat16> key, Rows<const c10::BFloat16> value,
                              const float* bias, Rows<c10::BFloat16> out, float* kept);

void matrix_attention_backward(const AttentionShape& shape, Rows<const c10::BFloat16> query,
                               Rows<const c10::BFloat16> key, Rows<const c10::BFloat16> value,
                               Rows<const c10::BFloat16> out, Rows<const c10::BFloat16> d_out,
                               const float* kept,
                               const AttentionGradientRows<c10::BFloat16>& gradients);

}  // namespace isoloss
