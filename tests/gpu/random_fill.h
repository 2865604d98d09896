// Values that kernels are timed on: never zeros, on which products run faster and errors hide.
#pragma once
#include <cstdint>

#include "model/kernels/cuda/bfloat16.h"
#include "model/kernels/cuda/device.h"

namespace isoloss {

// x[i] in (-1, 1), by a hash of i. T = float or Bf16.
template <typename T>
void fill_random(Stream& stream, std::int64_t size, T* x);

template <typename T>
DeviceArray<T> random_array(Stream& stream, std::int64_t size) {
  DeviceArray<T> array(size);
  fill_random(stream, size, array.data());
  return array;
}

}  // namespace isoloss
