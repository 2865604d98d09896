// The decoder: the paper's figure in one function, over plain sub-layers or fused ones.
#pragma once
#include <ATen/core/Tensor.h>

#include "model/kernels/cpu/weights.h"
#include "model/layers/language_model.h"
#include "model/spec/model_spec.h"

namespace isoloss {

// Hidden states [batch, length, d_model] after the last layer and before the final norm. `inputs`
// are int64 ids [batch, length], already shifted.
at::Tensor decoder(const ModelSpec& spec, const DecoderWeights& weights, const at::Tensor& inputs,
                   Kernels kernels);

}  // namespace isoloss
