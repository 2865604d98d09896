#include "model/kernels/cuda/product.h"

#include "model/kernels/cuda/emulator/memory_uses.h"
#include "model/kernels/cuda/memory_ledger.h"

namespace isoloss {
namespace {

using simt::Bf16;
using simt::rounded;
using simt::to_float;

// Element i of row r of product g stands at g step + r stride + i of its matrix.
template <typename T>
struct Rows {
  T* data;
  std::int64_t stride, step;
  T& at(std::int64_t group, std::int64_t row, std::int64_t i) const {
    return data[group * step + row * stride + i];
  }
  void note(std::int64_t groups, std::int64_t rows, std::int64_t columns, bool writes) const {
    for (std::int64_t g = 0; g < groups; ++g)
      for (std::int64_t r = 0; r < rows; ++r)
        note_use(&at(g, r, 0), static_cast<std::size_t>(columns) * sizeof(T), writes);
  }
};

template <typename Result, typename Term>
void for_each_element(std::int64_t groups, std::int64_t rows, std::int64_t columns,
                      std::int64_t terms, Rows<Result> to, const ProductTerms<Result>& more,
                      const Term& term) {
  to.note(groups, rows, columns, true);
  if (more.addend != nullptr)
    Rows<const Result>{more.addend, to.stride, to.step}.note(groups, rows, columns, false);
  if (more.bias != nullptr)
    note_use(more.bias, static_cast<std::size_t>(columns) * sizeof(*more.bias), false);
  for (std::int64_t g = 0; g < groups; ++g)
    for (std::int64_t r = 0; r < rows; ++r)
      for (std::int64_t c = 0; c < columns; ++c) {
        float sum = 0;
        for (std::int64_t k = 0; k < terms; ++k) sum += term(g, r, c, k);
        Result& result = to.at(g, r, c);
        float value = more.factor * sum;
        if (more.addend != nullptr) value += to_float(more.addend[&result - to.data]);
        if (more.bias != nullptr) value += to_float(more.bias[c]);
        result = rounded<Result>(value);
      }
}

}  // namespace

// Plain loops work in no memory; what a device would need for it counts as taken.
struct Products::Impl {
  explicit Impl(std::size_t bytes) : workspace_bytes(bytes) {
    ledger->take(bytes);
    watch_memory(&workspace, 1);
  }
  ~Impl() {
    forget_memory(&workspace);
    ledger->give_back(workspace_bytes);
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  void note_workspace() const { note_use(&workspace, 1, true); }

  std::size_t workspace_bytes;
  std::byte workspace{};  // in place of all of it, for products that would use it at once
  std::shared_ptr<MemoryLedger> ledger = device_ledger();
};

Products::Products(std::size_t workspace_bytes) : impl_(std::make_unique<Impl>(workspace_bytes)) {}
Products::~Products() = default;
Products::Products(Products&&) noexcept = default;
Products& Products::operator=(Products&&) noexcept = default;
std::size_t Products::workspace_bytes() const { return impl_->workspace_bytes; }

template <typename T, typename Y>
void Products::forward(Stream& stream, const ProductShape& shape, const T* x, const T* weight, Y* y,
                       const ProductTerms<Y>& terms) {
  stream.put([=, impl = impl_.get()] {
    impl->note_workspace();
    const Rows<const T> of_x{x, shape.x_stride, shape.x_step};
    const Rows<const T> of_w{weight, shape.in, shape.weight_step};
    of_x.note(shape.groups, shape.rows, shape.in, false);
    of_w.note(shape.groups, shape.out, shape.in, false);
    for_each_element(shape.groups, shape.rows, shape.out, shape.in,
                     Rows<Y>{y, shape.y_stride, shape.y_step}, terms,
                     [&](std::int64_t g, std::int64_t r, std::int64_t c, std::int64_t k) {
                       return to_float(of_x.at(g, r, k)) * to_float(of_w.at(g, c, k));
                     });
  });
}

template <typename T, typename X>
void Products::input_gradient(Stream& stream, const ProductShape& shape, const T* dy,
                              const T* weight, X* dx, const ProductTerms<X>& terms) {
  stream.put([=, impl = impl_.get()] {
    impl->note_workspace();
    const Rows<const T> of_dy{dy, shape.y_stride, shape.y_step};
    const Rows<const T> of_w{weight, shape.in, shape.weight_step};
    of_dy.note(shape.groups, shape.rows, shape.out, false);
    of_w.note(shape.groups, shape.out, shape.in, false);
    for_each_element(shape.groups, shape.rows, shape.in, shape.out,
                     Rows<X>{dx, shape.x_stride, shape.x_step}, terms,
                     [&](std::int64_t g, std::int64_t r, std::int64_t c, std::int64_t k) {
                       return to_float(of_dy.at(g, r, k)) * to_float(of_w.at(g, k, c));
                     });
  });
}

template <typename T>
void Products::weight_gradient(Stream& stream, const ProductShape& shape, const T* dy, const T* x,
                               float* dweight, float factor) {
  stream.put([=, impl = impl_.get()] {
    impl->note_workspace();
    const Rows<const T> of_dy{dy, shape.y_stride, shape.y_step};
    const Rows<const T> of_x{x, shape.x_stride, shape.x_step};
    of_dy.note(shape.groups, shape.rows, shape.out, false);
    of_x.note(shape.groups, shape.rows, shape.in, false);
    for_each_element(shape.groups, shape.out, shape.in, shape.rows,
                     Rows<float>{dweight, shape.in, shape.weight_step},
                     ProductTerms<float>{.factor = factor, .addend = dweight},
                     [&](std::int64_t g, std::int64_t r, std::int64_t c, std::int64_t k) {
                       return to_float(of_dy.at(g, k, r)) * to_float(of_x.at(g, k, c));
                     });
  });
}

template void Products::forward(Stream&, const ProductShape&, const float*, const float*, float*,
                                const ProductTerms<float>&);
template void Products::forward(Stream&, const ProductShape&, const Bf16*, const Bf16*, float*,
                                const ProductTerms<float>&);
template void Products::forward(Stream&, const ProductShape&, const Bf16*, const Bf16*, Bf16*,
                                const ProductTerms<Bf16>&);
template void Products::input_gradient(Stream&, const ProductShape&, const float*, const float*,
                                       float*, const ProductTerms<float>&);
template void Products::input_gradient(Stream&, const ProductShape&, const Bf16*, const Bf16*,
                                       float*, const ProductTerms<float>&);
template void Products::input_gradient(Stream&, const ProductShape&, const Bf16*, const Bf16*,
                                       Bf16*, const ProductTerms<Bf16>&);
template void Products::weight_gradient(Stream&, const ProductShape&, const float*, const float*,
                                        float*, float);
template void Products::weight_gradient(Stream&, const ProductShape&, const Bf16*, const Bf16*,
                                        float*, float);

}  // namespace isoloss
