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
    Operand,         // the incoming gradient as products read it
    Transposed,      // an operand of the product that gives a weight's gradient
    WeightGradient,  // of one weight, before it is added
    Sum,             // what ranks add up
    Keys,            // of every rank's heads
    Count
  };

  explicit Workspace(at::ScalarType type) : type_(type) {}

  // Hands out from the first tensor again: whatever an earlier step kept is overwritten.
  void begin_step() { next_ = 0; }

  // An uninitialised tensor that lasts until the step after this one begins; of the workspace's
  // type unless another is named.
  at::Tensor keep(at::IntArrayRef shape);
  at::Tensor keep(at::IntArrayRef shape, at::ScalarType type);

  // Hands out again, from here on, what was kept after the mark: for what a layer keeps and nobody
  // needs once the layer is done.
  using Mark = std::size_t;
  Mark mark() const { return next_; }
  void release_to(Mark mark) { next_ = mark; }

  // The uninitialised tensor of a slot; asking again for the slot gives the same memory.
  at::Tensor scratch(Slot slot, at::IntArrayRef shape);
  at::Tensor scratch(Slot slot, at::IntArrayRef shape, at::ScalarType type);

 private:
  at::ScalarType type_;
  std::vector<at::Tensor> kept_;
  std::size_t next_ = 0;
  std::array<std::vector<at::Tensor>, static_cast<std::size_t>(Slot::Count)> scratch_;
};

}  // namespace isoloss
