// A few tensors and gradients that tests of the device's optimizers update.
#pragma once
#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "model/kernels/cuda/gradient_norm.h"
#include "model/spec/parameters.h"
#include "tests/model/kernels/cuda/both_orders.h"
#include "tests/model/kernels/cuda/plain_values.h"

namespace isoloss::device {

// Matrices that are cut into several pieces and into one, and vectors whose sizes no kernel
// divides.
inline ParameterTable small_table() {
  ParameterTable table;
  const auto add = [&](const char* name, std::vector<std::int64_t> shape, bool decays) {
    Parameter parameter;
    parameter.name = name;
    parameter.shape = std::move(shape);
    parameter.decays = decays;
    parameter.offset = aligned(table.buffer_size);
    table.buffer_size = parameter.offset + parameter.size();
    table.parameters.push_back(parameter);
  };
  add("wide", {70, 132}, true);
  add("scalar", {1}, false);
  add("low", {4, 24}, true);
  add("vector", {27}, false);
  add("long", {9001}, false);
  table.buffer_size = aligned(table.buffer_size);
  return table;
}

// Of step `t`, padding zero; some tensors' are much larger than others'.
inline Doubles gradients_of(const ParameterTable& table, unsigned t) {
  Doubles all(static_cast<std::size_t>(table.buffer_size), 0.0);
  double size = 0.01;
  for (const Parameter& parameter : table.parameters) {
    const Doubles values =
        random_values<float>(parameter.size(), 100 * t + static_cast<unsigned>(parameter.offset));
    for (std::size_t i = 0; i < values.size(); ++i)
      all[static_cast<std::size_t>(parameter.offset) + i] = size * values[i];
    size *= 3;
  }
  return doubles(stored<float>(all));
}

inline constexpr double kClipNorm = 1;
inline double norm_of(const Doubles& gradients) { return std::sqrt(dot(gradients, gradients)); }

// The state's scalars in the device's memory.
struct UpdateScalars {
  DeviceArray<UpdateInput> input{1};
  DeviceArray<UpdateState> state{1};
  DeviceArray<float> loss{1};

  void set(const UpdateInput& next, float next_loss) {
    Stream stream;
    stream.copy_to_device(input.data(), &next, sizeof next);
    stream.copy_to_device(loss.data(), &next_loss, sizeof next_loss);
    stream.synchronize();
  }
};

template <typename T>
void copy_to(const DeviceArray<T>& to, const Doubles& values) {
  const std::vector<T> host = stored<T>(values);
  Stream stream;
  stream.copy_to_device(to.data(), host.data(), host.size() * sizeof(T));
  stream.synchronize();
}

}  // namespace isoloss::device
