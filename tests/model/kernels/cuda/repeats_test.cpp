// Gradients have the same bits each time, in whatever order threads come to run.
#include <gtest/gtest.h>

#include <functional>
#include <optional>

#include "model/kernels/cuda/adafactor.h"
#include "model/kernels/cuda/depthwise_convolution.h"
#include "model/kernels/cuda/embedding.h"
#include "model/kernels/cuda/embedding_index.h"
#include "model/kernels/cuda/norm.h"
#include "tests/model/kernels/cuda/update_case.h"

namespace isoloss::device {
namespace {

DeviceArray<float> of_zeros(std::int64_t size) {
  return on_device<float>(Doubles(static_cast<std::size_t>(size), 0.0));
}

// `work` puts something on a stream and names what it leaves.
void expect_same_bits(const std::function<DeviceArray<float>(Stream&)>& work) {
  std::optional<std::vector<float>> first;
  in_both_orders([&] {
    for (int time = 0; time < 3; ++time) {
      Stream stream;
      const DeviceArray<float> result = work(stream);
      stream.synchronize();
      if (!first) first = to_host(result);
      EXPECT_EQ(to_host(result), *first);
    }
  });
}

TEST(DeviceBits, OfANormsWeightsRepeat) {
  const NormShape shape{700, 40, false, 1e-6F};
  const auto x = on_device<float>(random_values<float>(700 * 40, 1));
  const auto dy = on_device<simt::Bf16>(random_values<simt::Bf16>(700 * 40, 2));
  const auto scale = on_device<float>(random_values<float>(40, 3));
  expect_same_bits([&](Stream& stream) {
    const auto d_scale = of_zeros(40);
    DeviceArray<float> inverse(700), dx(700 * 40), scratch(norm_scratch(shape));
    DeviceArray<simt::Bf16> y(700 * 40);
    norm_forward<float, simt::Bf16, simt::Bf16>(stream, shape, x.data(), {}, nullptr,
                                                {scale.data(), nullptr}, y.data(),
                                                {nullptr, inverse.data()});
    norm_backward<float, simt::Bf16, simt::Bf16>(
        stream, shape, x.data(), {scale.data(), nullptr}, {nullptr, inverse.data()}, dy.data(),
        nullptr, dx.data(), {d_scale.data(), nullptr}, {}, {}, scratch.data());
    stream.synchronize();  // while the memory it works in is there
    return d_scale;
  });
}

TEST(DeviceBits, OfAFilterRepeat) {
  const auto taps = on_device<float>(random_values<float>(3 * 8, 1));
  ConvolutionShape shape{4, 50, 3, {}};
  shape.parts[0] = {32, taps.data(), 8, 1};
  const auto x = on_device<simt::Bf16>(random_values<simt::Bf16>(200 * 32, 2));
  const auto dy = on_device<simt::Bf16>(random_values<simt::Bf16>(200 * 32, 3));
  expect_same_bits([&](Stream& stream) {
    const auto d_taps = of_zeros(3 * 8);
    DeviceArray<simt::Bf16> dx(200 * 32);
    DeviceArray<float> scratch(convolution_scratch(shape));
    convolution_backward<simt::Bf16>(stream, shape, x.data(), nullptr, dy.data(), dx.data(),
                                     {d_taps.data(), nullptr, nullptr}, nullptr, scratch.data());
    stream.synchronize();
    return d_taps;
  });
}

TEST(DeviceBits, OfTheEmbeddingRepeat) {
  std::vector<std::int32_t> targets;
  for (std::int32_t i = 0; i < 200; ++i) targets.push_back(i * i % 7);
  const EmbeddingShape shape{2, 100, 24, 7};
  std::vector<std::int32_t> host(static_cast<std::size_t>(embedding_index_layout(200, 7).size));
  embedding_index(targets, 100, {7, 0, 7}, host);
  const auto index = to_device<std::int32_t>(host);
  const auto dx = on_device<float>(random_values<float>(200 * 24, 1));
  expect_same_bits([&](Stream& stream) {
    const auto gradient = of_zeros(7 * 24);
    DeviceArray<float> scratch(embedding_scratch(shape));
    embedding_backward(stream, shape, index.data(), dx.data(), gradient.data(), nullptr,
                       scratch.data());
    stream.synchronize();
    return gradient;
  });
}

TEST(DeviceBits, OfAnUpdateRepeat) {
  const ParameterTable table = small_table();
  const UpdateTable update = update_table(table, 16);
  const Doubles start = random_values<float>(table.buffer_size, 1);
  const auto gradients = on_device<float>(gradients_of(table, 1));
  UpdateScalars scalars;
  scalars.set({0.01, 0}, 1);
  expect_same_bits([&](Stream& stream) {
    const auto weights = on_device<float>(start);
    const auto moments = of_zeros(update.moments);
    DeviceArray<float> scratch(update.scratch);
    measure_gradients(stream, update, gradients.data(), scratch.data());
    finish_gradient_norm(stream, update.pieces.size(), scratch.data(), scalars.loss.data(),
                         kClipNorm, scalars.input.data(), scalars.state.data());
    adafactor_update(stream, update, {}, scalars.input.data(), scalars.state.data(),
                     {gradients.data(), weights.data(), moments.data(), nullptr}, scratch.data());
    stream.synchronize();
    return weights;
  });
}

}  // namespace
}  // namespace isoloss::device
