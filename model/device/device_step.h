// What every part of a step on the device works with.
#pragma once
#include <cstdint>

#include "model/device/tensor_ranks.h"
#include "model/kernels/cuda/device.h"
#include "model/kernels/cuda/product.h"
#include "model/spec/model_spec.h"

namespace isoloss {

// A step's tokens: `sequences` rows of `length` ids. Activations are matrices of a row per token.
struct DeviceRows {
  std::int64_t sequences = 0;
  std::int64_t length = 0;

  std::int64_t tokens() const { return sequences * length; }
};

struct DeviceStep {
  Stream& stream;
  Products& products;
  const ModelSpec& spec;  // part_of() the model's
  DeviceRows rows;
  TensorRanks tensor;
  SumBeside& sum_beside;
};

}  // namespace isoloss
