// Memory of a model's steps, used again by the next: a step asks for the same tensors in the same
// order, so that no step but the first allocates. What the forward pass keeps is handed out in
// order; what lives inside one block's pass has a slot that every layer shares, which keeps it in
// cache.
#pragma once
#include <ATen/core/Tensor.h>

#include <array>
#include <vector>

namespace isoloss {

class Workspace {
 public:
  enum class Slot {
    GradientStream,  // of the residual stream, passed down from block to block in place
    Wide,            // gradients of Q, K, V or of the hidden layer
    WideBefore,      // the same before convolution or gate
    Narrow,          // gradients of d_model or attention width
    NarrowBefore,
    Bias,
    Count
  };

  explicit Workspace(at::ScalarType type) : type_(type) {}

  // Hands out from the first tensor again: whatever an earlier step kept is overwritten.
  void begin_step() { next_ = 0; }

  // An uninitialised tensor that lasts until the step after this one begins.
  at::Tensor keep(at::IntArrayRef shape);

  // The uninitialised tensor of a slot; asking again for the slot gives the same memory.
  at::Tensor scratch(Slot slot, at::IntArrayRef shape);

 private:
  at::ScalarType type_;
  std::vector<at::Tensor> kept_;
  std::size_t next_ = 0;
  std::array<std::vector<at::Tensor>, static_cast<std::size_t>(Slot::Count)> scratch_;
};

}  // namespace isoloss
