// Adafactor on the device against the paper's algorithm in double.
#include "model/kernels/cuda/adafactor.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/model/kernels/cuda/update_case.h"

namespace isoloss::device {
namespace {

constexpr AdafactorSettings kAdafactor{0.8, 1.0, 1e-30, 1e-3};
constexpr std::int64_t kMinDim = 16;  // "wide" is factored, "low" is not

// Shazeer & Stern 2018, algorithms 4 and 5, with the step scaled by the weights' root mean square
// (section 8).
struct PlainAdafactor {
  ParameterTable table;
  Doubles weights;
  std::vector<Doubles> moments, rows, columns;

  explicit PlainAdafactor(const ParameterTable& of)
      : table(of), weights(random_values<float>(of.buffer_size, 1)) {
    for (const Parameter& parameter : table.parameters) {
      moments.emplace_back(static_cast<std::size_t>(parameter.size()), 0.0);
      rows.emplace_back(static_cast<std::size_t>(parameter.shape[0]), 0.0);
      columns.emplace_back(
          parameter.shape.size() < 2 ? 0U : static_cast<std::size_t>(parameter.shape[1]), 0.0);
    }
  }

  void update(const Doubles& gradients, double rate, int t) {
    const double norm = norm_of(gradients), factor = norm > kClipNorm ? kClipNorm / norm : 1;
    const double decay = 1 - std::pow(t, -0.8);
    for (std::size_t p = 0; p < table.parameters.size(); ++p) {
      const Parameter& parameter = table.parameters[p];
      const auto offset = static_cast<std::size_t>(parameter.offset);
      const auto n = static_cast<std::size_t>(parameter.size());
      Doubles g(gradients.begin() + parameter.offset,
                gradients.begin() + parameter.offset + parameter.size());
      for (double& x : g) x *= factor;
      Doubles v = second_moments(p, g, decay);
      double of_update = 0, of_weights = 0;
      for (std::size_t i = 0; i < n; ++i) {
        g[i] /= std::sqrt(v[i]);
        of_update += g[i] * g[i] / static_cast<double>(n);
        of_weights += weights[offset + i] * weights[offset + i] / static_cast<double>(n);
      }
      const double step = rate * std::max(1e-3, std::sqrt(of_weights)) /
                          std::max(1.0, std::sqrt(of_update) / kAdafactor.clip);
      for (std::size_t i = 0; i < n; ++i) weights[offset + i] -= step * g[i];
    }
  }

  Doubles second_moments(std::size_t p, const Doubles& g, double decay) {
    const std::vector<std::int64_t>& shape = table.parameters[p].shape;
    if (shape.size() < 2 || std::min(shape[0], shape[1]) < kMinDim) {
      for (std::size_t i = 0; i < g.size(); ++i)
        moments[p][i] = decay * moments[p][i] + (1 - decay) * (g[i] * g[i] + 1e-30);
      return moments[p];
    }
    const std::size_t height = rows[p].size(), width = columns[p].size();
    Doubles of_rows(height, 0.0), of_columns(width, 0.0), v(g.size());
    for (std::size_t i = 0; i < g.size(); ++i) {
      of_rows[i / width] += (g[i] * g[i] + 1e-30) / static_cast<double>(width);
      of_columns[i % width] += (g[i] * g[i] + 1e-30) / static_cast<double>(height);
    }
    double mean = 0;
    for (std::size_t r = 0; r < height; ++r) {
      rows[p][r] = decay * rows[p][r] + (1 - decay) * of_rows[r];
      mean += rows[p][r] / static_cast<double>(height);
    }
    for (std::size_t c = 0; c < width; ++c)
      columns[p][c] = decay * columns[p][c] + (1 - decay) * of_columns[c];
    for (std::size_t i = 0; i < g.size(); ++i)
      v[i] = rows[p][i / width] * columns[p][i % width] / mean;
    return v;
  }
};

struct AdafactorOnDevice {
  explicit AdafactorOnDevice(const ParameterTable& of, const Doubles& start)
      : table(update_table(of, kMinDim)),
        weights(on_device<float>(start)),
        rounded(on_device<simt::Bf16>(Doubles(start.size(), 0.0))),
        gradients(of.buffer_size),
        moments(on_device<float>(Doubles(static_cast<std::size_t>(table.moments), 0.0))),
        scratch(table.scratch) {}

  void update(const Doubles& now, double rate, int t, float loss) {
    copy_to(gradients, now);
    scalars.set({rate, t}, loss);
    Stream stream;
    measure_gradients(stream, table, gradients.data(), scratch.data());
    finish_gradient_norm(stream, table.pieces.size(), scratch.data(), scalars.loss.data(),
                         kClipNorm, scalars.input.data(), scalars.state.data());
    adafactor_update(stream, table, kAdafactor, scalars.input.data(), scalars.state.data(),
                     {gradients.data(), weights.data(), moments.data(), rounded.data()},
                     scratch.data());
    stream.synchronize();
  }

  UpdateTable table;
  DeviceArray<float> weights;
  DeviceArray<simt::Bf16> rounded;
  DeviceArray<float> gradients, moments, scratch;
  UpdateScalars scalars;
};

TEST(DeviceAdafactor, FollowsTheAlgorithmAndRoundsACopy) {
  const ParameterTable table = small_table();
  in_both_orders([&] {
    PlainAdafactor plain(table);
    AdafactorOnDevice device(table, plain.weights);
    for (int t = 0; t < 3; ++t) {
      const Doubles now = gradients_of(table, static_cast<unsigned>(t + 1));
      const double rate = 0.01 * (t + 1);
      plain.update(now, rate, t + 1);
      device.update(now, rate, t, 1);
    }
    expect_close(device.weights, plain.weights, "weights", 2e-6);
    const std::vector<float> exact = to_host(device.weights);
    const std::vector<simt::Bf16> copy = to_host(device.rounded);
    for (const Parameter& parameter : table.parameters)
      for (std::int64_t i = parameter.offset; i < parameter.offset + parameter.size(); ++i) {
        const auto at = static_cast<std::size_t>(i);
        ASSERT_EQ(copy[at].bits, simt::rounded<simt::Bf16>(exact[at]).bits);
      }
  });
}

TEST(DeviceAdafactor, ChangesNothingWhereTheLossIsNotFinite) {
  const ParameterTable table = small_table();
  AdafactorOnDevice device(table, random_values<float>(table.buffer_size, 1));
  device.update(gradients_of(table, 1), 0.01, 0, 1);
  const std::vector<float> weights = to_host(device.weights), moments = to_host(device.moments);
  device.update(gradients_of(table, 2), 0.01, 1, std::numeric_limits<float>::quiet_NaN());
  EXPECT_EQ(to_host(device.weights), weights);
  EXPECT_EQ(to_host(device.moments), moments);
}

TEST(DeviceAdafactor, LivesWithGradientsOfZero) {
  const ParameterTable table = small_table();
  const Doubles start = random_values<float>(table.buffer_size, 1);
  AdafactorOnDevice device(table, start);
  device.update(Doubles(start.size(), 0.0), 0.01, 0, 1);
  EXPECT_EQ(doubles(to_host(device.weights)), start);
}

}  // namespace
}  // namespace isoloss::device
