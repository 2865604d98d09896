#include "model/kernels/cuda/elementwise.h"

#include "model/kernels/cuda/eight.h"
#include "model/kernels/cuda/launch_sizes.h"

namespace isoloss::device {
namespace {

constexpr int kElementThreads = 256;

// Calls eights(first element) where the thread's eight are all there, else one(element) for each.
template <typename Eights, typename One>
ISOLOSS_INLINE void for_my_eight(std::int64_t size, const Eights& eights, const One& one) {
  const std::int64_t first = std::int64_t{8} * grid_thread();
  if (first + 8 <= size) return eights(first);
  for (std::int64_t i = first; i < size; ++i) one(i);
}

template <typename From, typename To>
__global__ void convert_elements(std::int64_t size, const From* from, To* to) {
  for_my_eight(
      size, [&](std::int64_t i) { store_eight(to + i, load_eight(from + i)); },
      [&](std::int64_t i) { to[i] = simt::rounded<To>(simt::to_float(from[i])); });
}

template <typename T>
__global__ void scale_elements(std::int64_t size, float factor, T* x) {
  for_my_eight(
      size,
      [&](std::int64_t i) {
        Eight values = load_eight(x + i);
        ISOLOSS_UNROLL
        for (int j = 0; j < 8; ++j) values.at[j] *= factor;
        store_eight(x + i, values);
      },
      [&](std::int64_t i) { x[i] = simt::rounded<T>(factor * simt::to_float(x[i])); });
}

template <typename To, typename T>
__global__ void add_scaled_elements(std::int64_t size, float factor, const T* x, To* to) {
  for_my_eight(
      size,
      [&](std::int64_t i) {
        Eight total = load_eight(to + i);
        const Eight values = load_eight(x + i);
        ISOLOSS_UNROLL
        for (int j = 0; j < 8; ++j) total.at[j] += factor * values.at[j];
        store_eight(to + i, total);
      },
      [&](std::int64_t i) {
        to[i] = simt::rounded<To>(simt::to_float(to[i]) + factor * simt::to_float(x[i]));
      });
}

template <typename T, bool kAdds>
__global__ void columns_to_columns(std::int64_t rows, std::int64_t width,
                                   MatrixColumns<const T> from, MatrixColumns<T> to) {
  const auto eights = static_cast<std::uint32_t>(width / 8);
  const std::uint32_t i = grid_thread();
  if (i >= rows * eights) return;
  const std::int64_t row = i / eights, column = std::int64_t{8} * (i % eights);
  Eight values = load_eight(from.data + row * from.stride + column);
  T* const place = to.data + row * to.stride + column;
  if constexpr (kAdds) {
    const Eight before = load_eight(place);
    ISOLOSS_UNROLL
    for (int j = 0; j < 8; ++j) values.at[j] += before.at[j];
  }
  store_eight(place, values);
}

template <bool kAdds, typename T>
void put_columns(Stream& stream, std::int64_t rows, std::int64_t width,
                 const MatrixColumns<const T>& from, const MatrixColumns<T>& to) {
  require_eights("columns", width);
  require_eights("a row that columns are read from", from.stride);
  require_eights("a row that columns are written to", to.stride);
  launch(stream, {.grid_x = blocks(rows * width / 8, kElementThreads), .threads = kElementThreads},
         columns_to_columns<T, kAdds>, rows, width, from, to);
}

LaunchShape over(std::int64_t size) {
  return {.grid_x = blocks(size, 8 * kElementThreads), .threads = kElementThreads};
}

}  // namespace

template <typename From, typename To>
void convert(Stream& stream, std::int64_t size, const From* from, To* to) {
  launch(stream, over(size), convert_elements<From, To>, size, from, to);
}
template <typename T>
void scale(Stream& stream, std::int64_t size, float factor, T* x) {
  launch(stream, over(size), scale_elements<T>, size, factor, x);
}
template <typename To, typename T>
void add_scaled(Stream& stream, std::int64_t size, float factor, const T* x, To* to) {
  launch(stream, over(size), add_scaled_elements<To, T>, size, factor, x, to);
}

template <typename T>
void copy_columns(Stream& stream, std::int64_t rows, std::int64_t width,
                  const MatrixColumns<const T>& from, const MatrixColumns<T>& to) {
  put_columns<false>(stream, rows, width, from, to);
}
template <typename T>
void add_columns(Stream& stream, std::int64_t rows, std::int64_t width,
                 const MatrixColumns<const T>& from, const MatrixColumns<T>& to) {
  put_columns<true>(stream, rows, width, from, to);
}

template void copy_columns(Stream&, std::int64_t, std::int64_t, const MatrixColumns<const float>&,
                           const MatrixColumns<float>&);
template void copy_columns(Stream&, std::int64_t, std::int64_t,
                           const MatrixColumns<const simt::Bf16>&,
                           const MatrixColumns<simt::Bf16>&);
template void add_columns(Stream&, std::int64_t, std::int64_t, const MatrixColumns<const float>&,
                          const MatrixColumns<float>&);
template void add_columns(Stream&, std::int64_t, std::int64_t,
                          const MatrixColumns<const simt::Bf16>&, const MatrixColumns<simt::Bf16>&);
template void convert(Stream&, std::int64_t, const float*, float*);
template void convert(Stream&, std::int64_t, const float*, simt::Bf16*);
template void convert(Stream&, std::int64_t, const simt::Bf16*, float*);
template void scale(Stream&, std::int64_t, float, float*);
template void scale(Stream&, std::int64_t, float, simt::Bf16*);
template void add_scaled(Stream&, std::int64_t, float, const float*, float*);
template void add_scaled(Stream&, std::int64_t, float, const simt::Bf16*, float*);
template void add_scaled(Stream&, std::int64_t, float, const simt::Bf16*, simt::Bf16*);

}  // namespace isoloss::device
