// Multi-head causal self-attention in plain operations, every switch of the spec in the order in
// which it acts (Vaswani et al. 2017, section 3.2; Primer's multi-dconv-head attention, So et al.
// 2021, figures 4 and 25; grouped heads, Ainslie et al. 2023, arXiv 2305.13245).
#pragma once
#include <ATen/core/Tensor.h>

#include "model/kernels/cpu/blocks.h"
#include "model/kernels/cpu/weights.h"
#include "model/layers/sublayers.h"

namespace isoloss {

// Attention of x [batch, length, d_model] without norm or residual. `relative_bias` [heads,
// buckets] may be undefined. Heads are the query's rows over d_head.
at::Tensor attention(const PlainStep& step, const AttentionWeights& weights,
                     const Weight& relative_bias, const at::Tensor& x);

// Keeps in the step's state what attention() would keep, of the parts that the fused block
// computed. Rows have read nothing before.
void keep_parts(const PlainStep& step, const AttentionParts& parts);

}  // namespace isoloss
