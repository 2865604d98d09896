// The tensors of the parameter table on the device: views into three flat buffers that the table
// lays out, of float32 weights, of what products read of them (the weights themselves or, with
// T = Bf16, their bfloat16 copy) and of float32 gradients.
#pragma once
#include <cstdint>
#include <string>
#include <unordered_map>

#include "model/kernels/cuda/bfloat16.h"
#include "model/spec/parameters.h"

namespace isoloss {

// One tensor, or adjacent ones as one; null where the spec has no such tensor.
template <typename T>
struct DeviceTensor {
  const float* weight = nullptr;
  const T* operand = nullptr;
  float* gradient = nullptr;

  explicit operator bool() const { return weight != nullptr; }
  DeviceTensor operator+(std::int64_t elements) const {
    return {weight + elements, operand + elements, gradient + elements};
  }
};

template <typename T>
class DeviceTensors {
 public:
  DeviceTensors(const ParameterTable& table, const float* weights, const T* operands,
                float* gradients)
      : all_{weights, operands, gradients} {
    for (const Parameter& parameter : table.parameters)
      offsets_.emplace(parameter.name, parameter.offset);
  }

  DeviceTensor<T> operator[](const std::string& name) const {
    const auto found = offsets_.find(name);
    return found == offsets_.end() ? DeviceTensor<T>() : all_ + found->second;
  }

 private:
  DeviceTensor<T> all_;
  std::unordered_map<std::string, std::int64_t> offsets_;
};

}  // namespace isoloss
