// How many pieces of work an optimizer's update is on the device.
#include <gtest/gtest.h>

#include <cstdint>

#include "model/kernels/cuda/adafactor.h"
#include "model/kernels/cuda/adamw.h"
#include "model/kernels/cuda/emulator/late_device.h"
#include "model/kernels/cuda/gradient_norm.h"
#include "tests/model/device/tiny_models.h"
#include "tests/model/device/tiny_optimizers.h"

namespace isoloss::device {
namespace {

struct Launches {
  std::int64_t norm = 0, update = 0;
  bool operator==(const Launches&) const = default;
};

// Of a model of so many layers, put on a device that does nothing yet.
Launches launches(std::int64_t layers, bool adafactor) {
  ModelSpec spec = tiny_spec("primer");
  spec.layers = layers;
  const ParameterTable parameters = parameter_table(spec);
  const UpdateTable table =
      update_table(parameters, adafactor ? kTinyAdafactor.min_dim_factored : -1);
  const DeviceArray<float> gradients(parameters.buffer_size), weights(parameters.buffer_size);
  const DeviceArray<float> moments(2 * table.moments), scratch(table.scratch), loss(1);
  const DeviceArray<UpdateInput> input(1);
  const DeviceArray<UpdateState> state(1);
  Stream stream;
  for (const auto* memory : {&gradients, &weights, &moments, &scratch, &loss})
    stream.zero(memory->data(), static_cast<std::size_t>(memory->size()) * sizeof(float));
  stream.zero(input.data(), sizeof(UpdateInput));
  stream.zero(state.data(), sizeof(UpdateState));
  const LateDevice late;
  Launches found;
  measure_gradients(stream, table, gradients.data(), scratch.data());
  finish_gradient_norm(stream, table.pieces.size(), scratch.data(), loss.data(), 1, input.data(),
                       state.data());
  found.norm = late.pending();
  if (adafactor)
    adafactor_update(stream, table, kTinyAdafactor.settings, input.data(), state.data(),
                     {gradients.data(), weights.data(), moments.data(), nullptr}, scratch.data());
  else
    adamw_update(stream, table, kTinyAdamW, input.data(), state.data(),
                 {gradients.data(), weights.data(), moments.data(), moments.data() + table.moments,
                  nullptr});
  found.update = late.pending() - found.norm;
  stream.synchronize();
  return found;
}

// However many tensors there are. By hand: the norm is squares of pieces and their sum; AdamW is
// one pass; Adafactor is moments of rows and columns, means of rows, squares of updates, the
// tensors' steps, and the pass over the weights.
TEST(UpdateLaunches, AreAFewWhateverTheModelHas) {
  for (const std::int64_t layers : {1, 5}) {
    EXPECT_EQ(launches(layers, false), (Launches{2, 1})) << layers;
    EXPECT_EQ(launches(layers, true), (Launches{2, 5})) << layers;
  }
}

}  // namespace
}  // namespace isoloss::device
