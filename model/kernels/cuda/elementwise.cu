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

template void convert(Stream&, std::int64_t, const float*, float*);
template void convert(Stream&, std::int64_t, const float*, simt::Bf16*);
template void convert(Stream&, std::int64_t, const simt::Bf16*, float*);
template void scale(Stream&, std::int64_t, float, float*);
template void scale(Stream&, std::int64_t, float, simt::Bf16*);
template void add_scaled(Stream&, std::int64_t, float, const float*, float*);
template void add_scaled(Stream&, std::int64_t, float, const simt::Bf16*, float*);
template void add_scaled(Stream&, std::int64_t, float, const simt::Bf16*, simt::Bf16*);

}  // namespace isoloss::device
