// The global norm, the factor that clips by it and the flag that a step hangs on.
#include "model/kernels/cuda/gradient_norm.h"

#include <gtest/gtest.h>

#include "model/spec/error.h"
#include "tests/model/kernels/cuda/update_case.h"

namespace isoloss::device {
namespace {

// `before` is what the step before left.
UpdateState measured(const UpdateTable& table, const Doubles& gradients, float loss, double limit,
                     const UpdateInput& input = {0.1, 0}, const UpdateState& before = {}) {
  const auto device = on_device<float>(gradients);
  UpdateScalars scalars;
  scalars.set(input, loss);
  scalars.state = to_device<UpdateState>(std::vector{before});
  DeviceArray<float> scratch(table.scratch);
  Stream stream;
  measure_gradients(stream, table, device.data(), scratch.data());
  finish_gradient_norm(stream, table.pieces.size(), scratch.data(), scalars.loss.data(), limit,
                       scalars.input.data(), scalars.state.data());
  stream.synchronize();
  return to_host(scalars.state)[0];
}

TEST(DeviceGradientNorm, IsTheSameHoweverTensorsAreCut) {
  const ParameterTable table = small_table();
  const Doubles gradients = gradients_of(table, 1);
  const double norm = norm_of(gradients);
  for (const std::int64_t min_dim : {-1, 16})
    in_both_orders([&] {
      const UpdateState state = measured(update_table(table, min_dim), gradients, 2.5F, norm / 4);
      EXPECT_NEAR(state.gradient_norm, norm, 1e-6 * norm);
      EXPECT_NEAR(static_cast<double>(state.clip_factor), 0.25, 1e-6);
      EXPECT_EQ(state.loss, 2.5F);
      EXPECT_EQ(state.finite, 1);
    });
}

TEST(DeviceGradientNorm, ClipsNothingBelowTheLimitOrWithoutOne) {
  const ParameterTable table = small_table();
  const UpdateTable update = update_table(table, -1);
  const Doubles gradients = gradients_of(table, 1);
  EXPECT_EQ(measured(update, gradients, 1, 2 * norm_of(gradients)).clip_factor, 1);
  EXPECT_EQ(measured(update, gradients, 1, 0).clip_factor, 1);
}

TEST(DeviceGradientNorm, SaysWhatIsNotFinite) {
  const ParameterTable table = small_table();
  const UpdateTable update = update_table(table, -1);
  Doubles gradients = gradients_of(table, 1);
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  EXPECT_EQ(measured(update, gradients, kInfinity, 1).finite, 0);
  EXPECT_EQ(measured(update, gradients, std::nanf(""), 1).finite, 0);
  gradients.back() = 0;
  gradients[5] = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(measured(update, gradients, 1, 1).finite, 0);
  gradients[5] = static_cast<double>(kInfinity);
  EXPECT_EQ(measured(update, gradients, 1, 1).finite, 0);
}

// Nobody has heard of the step before yet.
TEST(DeviceGradientNorm, BehindAStepThatIsNotFiniteNoneIs) {
  const ParameterTable table = small_table();
  const UpdateTable update = update_table(table, -1);
  const Doubles gradients = gradients_of(table, 1);
  const UpdateState good{.finite = 1}, bad{.finite = 0};
  const UpdateInput behind{0.1, 3, 1}, alone{0.1, 3, 0};
  EXPECT_EQ(measured(update, gradients, 1, 1, behind, good).finite, 1);
  EXPECT_EQ(measured(update, gradients, 1, 1, behind, bad).finite, 0);
  EXPECT_EQ(measured(update, gradients, 1, 1, alone, bad).finite, 1);
  EXPECT_EQ(measured(update, gradients, std::nanf(""), 1, behind, good).finite, 0);
}

// The first tensor is a shard, the others all ranks have.
TEST(DeviceGradientNorm, CountsWhatAllRanksHaveOnTheFirstAlone) {
  ParameterTable table = small_table();
  table.parameters[0].whole_extent = 140;
  table.parameters[0].tensor_axis = 0;
  const Doubles gradients = gradients_of(table, 1);
  const Doubles of_shard(gradients.begin(), gradients.begin() + table.parameters[0].size());
  EXPECT_NEAR(measured(update_table(table, -1), gradients, 1, 0).gradient_norm, norm_of(gradients),
              1e-6 * norm_of(gradients));
  EXPECT_NEAR(measured(update_table(table, -1, {1, 2}), gradients, 1, 0).gradient_norm,
              norm_of(of_shard), 1e-6 * norm_of(of_shard));
}

TEST(UpdateTable, RefusesUnalignedTensors) {
  ParameterTable table = small_table();
  table.parameters[1].offset += 2;
  EXPECT_THROW(update_table(table, -1), InputError);
}

}  // namespace
}  // namespace isoloss::device
