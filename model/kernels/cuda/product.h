// Matrix products of y = x W^T and of its backward pass: cuBLASLt's (product.cpp), or plain loops
// in the emulator (emulator/product.cpp). Operands are float32 or bfloat16, sums float32 in an
// order that is always the same; no TF32. All matrices lie by rows; shapes are those of y = x W^T.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>

#include "model/kernels/cuda/bfloat16.h"
#include "model/kernels/cuda/device.h"

namespace isoloss {

// x [rows, in], W [out, in], y [rows, out]; the elements between two rows of x and y may be more.
// `groups` products of that shape are done at once, each `..._step` elements after the one before.
struct ProductShape {
  std::int64_t rows = 0, in = 0, out = 0;
  std::int64_t x_stride = 0, y_stride = 0;
  std::int64_t groups = 1, x_step = 0, weight_step = 0, y_step = 0;

  bool operator==(const ProductShape&) const = default;
};
// Rows without gaps.
inline ProductShape product_shape(std::int64_t rows, std::int64_t in, std::int64_t out) {
  return {.rows = rows, .in = in, .out = out, .x_stride = in, .y_stride = out};
}

// What a result is besides the product: factor * product + addend + bias. The addend is laid out
// as the result and may be the result itself, which then adds up; bias [out] is of y alone.
//
// There is no ReLU, though cuBLASLt has one. Nobody says that it keeps a NaN, and a zero in place
// of one would hide a model that has diverged: loss and gradients stay finite where the NaN came
// from the bias, whose gradient is then zero, or from a sum that overflowed. (Of a NaN in x or W
// they do not: the gradients of W and x multiply it by that zero, which is NaN.) Whoever reads y
// cuts it off in a pass that it makes anyway, and there a NaN stays (activation_formulas.h).
template <typename Result>
struct ProductTerms {
  float factor = 1;
  const Result* addend = nullptr;
  const Result* bias = nullptr;
};

// The products of one stream. An algorithm is chosen by cuBLASLt's heuristic the first time that a
// shape is met, and kept; so each shape must have been met before a graph with it is timed, though
// not before it is captured. Where cuBLASLt has no algorithm for a shape it throws what is no
// WorkError: the device is well for other shapes.
class Products {
 public:
  explicit Products(std::size_t workspace_bytes = std::size_t{32} << 20);
  ~Products();
  Products(Products&&) noexcept;
  Products& operator=(Products&&) noexcept;

  // y = x W^T. T is float or Bf16, Y is T or float.
  template <typename T, typename Y>
  void forward(Stream& stream, const ProductShape& shape, const T* x, const T* weight, Y* y,
               const ProductTerms<Y>& terms = {});
  // dx = dy W; dx is laid out as x.
  template <typename T, typename X>
  void input_gradient(Stream& stream, const ProductShape& shape, const T* dy, const T* weight,
                      X* dx, const ProductTerms<X>& terms = {});
  // dW += factor dy^T x.
  template <typename T>
  void weight_gradient(Stream& stream, const ProductShape& shape, const T* dy, const T* x,
                       float* dweight, float factor = 1);

  std::size_t workspace_bytes() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace isoloss
