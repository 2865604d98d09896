#include "model/kernels/cpu/workspace.h"

#include <ATen/ATen.h>

namespace isoloss {

at::Tensor Workspace::keep(at::IntArrayRef shape) { return keep(shape, type_); }

at::Tensor Workspace::keep(at::IntArrayRef shape, at::ScalarType type) {
  if (next_ == kept_.size()) kept_.emplace_back();
  at::Tensor& tensor = kept_[next_++];
  if (!tensor.defined() || tensor.sizes() != shape || tensor.scalar_type() != type)
    tensor = at::empty(shape, type);
  return tensor;
}

at::Tensor Workspace::scratch(Slot slot, at::IntArrayRef shape) {
  return scratch(slot, shape, type_);
}

at::Tensor Workspace::scratch(Slot slot, at::IntArrayRef shape, at::ScalarType type) {
  std::vector<at::Tensor>& shapes = scratch_[static_cast<std::size_t>(slot)];
  for (const at::Tensor& tensor : shapes)
    if (tensor.sizes() == shape && tensor.scalar_type() == type) return tensor;
  shapes.push_back(at::empty(shape, type));
  return shapes.back();
}

}  // namespace isoloss
