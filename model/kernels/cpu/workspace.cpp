#include "model/kernels/cpu/workspace.h"

#include <ATen/ATen.h>

namespace isoloss {

at::Tensor Workspace::keep(at::IntArrayRef shape) {
  if (next_ == kept_.size()) kept_.emplace_back();
  at::Tensor& tensor = kept_[next_++];
  if (!tensor.defined() || tensor.sizes() != shape) tensor = at::empty(shape, type_);
  return tensor;
}

at::Tensor Workspace::scratch(Slot slot, at::IntArrayRef shape) {
  std::vector<at::Tensor>& shapes = scratch_[static_cast<std::size_t>(slot)];
  for (const at::Tensor& tensor : shapes)
    if (tensor.sizes() == shape) return tensor;
  shapes.push_back(at::empty(shape, type_));
  return shapes.back();
}

}  // namespace isoloss
