// AdamW on the device against the paper's algorithm in double.
#include "model/kernels/cuda/adamw.h"

#include <gtest/gtest.h>

#include "tests/model/kernels/cuda/update_case.h"

namespace isoloss::device {
namespace {

constexpr AdamWSettings kAdamW{0.9, 0.95, 1e-8, 0.1};

// Loshchilov & Hutter 2019, algorithm 2, with the schedule's multiplier in the learning rate.
struct PlainAdamW {
  ParameterTable table;
  Doubles weights, first, second;

  explicit PlainAdamW(const ParameterTable& of)
      : table(of),
        weights(random_values<float>(of.buffer_size, 1)),
        first(weights.size(), 0.0),
        second(weights.size(), 0.0) {}

  void update(const Doubles& gradients, double rate, int t) {
    const double norm = norm_of(gradients), factor = norm > kClipNorm ? kClipNorm / norm : 1;
    for (const Parameter& parameter : table.parameters)
      for (std::int64_t i = parameter.offset; i < parameter.offset + parameter.size(); ++i) {
        const auto at = static_cast<std::size_t>(i);
        const double g = factor * gradients[at];
        first[at] = 0.9 * first[at] + 0.1 * g;
        second[at] = 0.95 * second[at] + 0.05 * g * g;
        const double m = first[at] / (1 - std::pow(0.9, t)),
                     v = second[at] / (1 - std::pow(0.95, t));
        weights[at] -=
            rate * (m / (std::sqrt(v) + 1e-8) + (parameter.decays ? 0.1 * weights[at] : 0));
      }
  }
};

TEST(DeviceAdamW, FollowsTheAlgorithmAndRoundsACopy) {
  const ParameterTable table = small_table();
  const UpdateTable update = update_table(table, -1);
  in_both_orders([&] {
    PlainAdamW plain(table);
    const auto weights = on_device<float>(plain.weights);
    const auto rounded = on_device<simt::Bf16>(Doubles(plain.weights.size(), 0.0));
    DeviceArray<float> gradients(table.buffer_size), first(update.moments), second(update.moments);
    DeviceArray<float> scratch(update.scratch);
    UpdateScalars scalars;
    Stream stream;
    stream.zero(first.data(), static_cast<std::size_t>(update.moments) * sizeof(float));
    stream.zero(second.data(), static_cast<std::size_t>(update.moments) * sizeof(float));
    for (int t = 0; t < 3; ++t) {
      const Doubles now = gradients_of(table, static_cast<unsigned>(t + 1));
      const double rate = 0.01 * (t + 1);
      plain.update(now, rate, t + 1);
      copy_to(gradients, now);
      scalars.set({rate, t}, 1);
      measure_gradients(stream, update, gradients.data(), scratch.data());
      finish_gradient_norm(stream, update.pieces.size(), scratch.data(), scalars.loss.data(),
                           kClipNorm, scalars.input.data(), scalars.state.data());
      adamw_update(stream, update, kAdamW, scalars.input.data(), scalars.state.data(),
                   {gradients.data(), weights.data(), first.data(), second.data(), rounded.data()});
      stream.synchronize();
    }
    expect_close(weights, plain.weights, "weights", 2e-6);
    const std::vector<float> exact = to_host(weights);
    const std::vector<simt::Bf16> copy = to_host(rounded);
    for (const Parameter& parameter : table.parameters)
      for (std::int64_t i = parameter.offset; i < parameter.offset + parameter.size(); ++i) {
        const auto at = static_cast<std::size_t>(i);
        ASSERT_EQ(copy[at].bits, simt::rounded<simt::Bf16>(exact[at]).bits);
      }
  });
}

TEST(DeviceAdamW, ChangesNothingWhereTheLossIsNotFinite) {
  const ParameterTable table = small_table();
  const UpdateTable update = update_table(table, -1);
  const PlainAdamW plain(table);
  const auto weights = on_device<float>(plain.weights);
  const auto gradients = on_device<float>(gradients_of(table, 1));
  const auto first = on_device<float>(Doubles(static_cast<std::size_t>(update.moments), 0.5));
  const auto second = on_device<float>(Doubles(static_cast<std::size_t>(update.moments), 0.25));
  DeviceArray<float> scratch(update.scratch);
  UpdateScalars scalars;
  scalars.set({0.1, 0}, std::numeric_limits<float>::infinity());
  Stream stream;
  measure_gradients(stream, update, gradients.data(), scratch.data());
  finish_gradient_norm(stream, update.pieces.size(), scratch.data(), scalars.loss.data(), kClipNorm,
                       scalars.input.data(), scalars.state.data());
  adamw_update(stream, update, kAdamW, scalars.input.data(), scalars.state.data(),
               {gradients.data(), weights.data(), first.data(), second.data(), nullptr});
  stream.synchronize();
  EXPECT_EQ(doubles(to_host(weights)), plain.weights);
  EXPECT_EQ(doubles(to_host(first)), Doubles(static_cast<std::size_t>(update.moments), 0.5));
  EXPECT_EQ(doubles(to_host(second)), Doubles(static_cast<std::size_t>(update.moments), 0.25));
}

}  // namespace
}  // namespace isoloss::device
