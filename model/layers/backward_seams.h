// What the backward pass does besides derivatives, as autograd operations on the residual stream:
// telling what it has finished, and computing a layer again instead of keeping it.
#pragma once
#include <ATen/core/Tensor.h>

#include <functional>

#include "model/kernels/cpu/weights.h"
#include "model/kernels/cpu/workspace.h"

namespace isoloss {

// x itself. `then` is called in the backward pass once the gradients of all weights that were used
// after this call, and only after it, are complete.
at::Tensor when_backward_reaches(const at::Tensor& x, std::function<void()> then);

// A layer of the decoder. It reads no differentiable tensor but x, the relative bias and its own
// weights, and outlives the backward pass.
using LayerFunction = std::function<at::Tensor(const at::Tensor& x, const Weight& relative_bias)>;

// Where a layer puts its output, and from which mark on it may keep what only its own pass needs.
struct LayerMemory {
  Workspace& workspace;
  at::Tensor output;
  Workspace::Mark own;  // the same for every layer
};

// layer(x, relative_bias) without keeping what its backward pass needs: that is computed again
// there, by the same operations, so that gradients have the same bits.
at::Tensor recomputed(const LayerFunction& layer, const at::Tensor& x, const Weight& relative_bias,
                      const LayerMemory& memory);

}  // namespace isoloss
