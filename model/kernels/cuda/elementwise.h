// Passes over memory that belong to nobody else. T = float or Bf16. Any size; memory is aligned to
// 16 bytes.
#pragma once
#include <cstdint>

#include "model/kernels/cuda/device.h"

namespace isoloss::device {

// to[i] = from[i], rounded to To.
template <typename From, typename To>
void convert(Stream& stream, std::int64_t size, const From* from, To* to);

// x[i] *= factor.
template <typename T>
void scale(Stream& stream, std::int64_t size, float factor, T* x);

// to[i] += factor * x[i].
template <typename To, typename T>
void add_scaled(Stream& stream, std::int64_t size, float factor, const T* x, To* to);

// Columns of a wider matrix: a row of it lies `stride` elements behind the row before, a multiple
// of 8 as widths of columns are; else InputError.
template <typename T>
struct MatrixColumns {
  T* data = nullptr;
  std::int64_t stride = 0;
};

// to = from, of rows of `width` columns.
template <typename T>
void copy_columns(Stream& stream, std::int64_t rows, std::int64_t width,
                  const MatrixColumns<const T>& from, const MatrixColumns<T>& to);

// to += from.
template <typename T>
void add_columns(Stream& stream, std::int64_t rows, std::int64_t width,
                 const MatrixColumns<const T>& from, const MatrixColumns<T>& to);

}  // namespace isoloss::device
