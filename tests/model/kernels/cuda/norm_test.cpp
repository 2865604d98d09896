// Norms with the residual around them against the formulas in double, gradients by differences.
#include "model/kernels/cuda/norm.h"

#include <gtest/gtest.h>

#include <utility>

#include "model/spec/error.h"
#include "tests/model/kernels/cuda/both_orders.h"
#include "tests/model/kernels/cuda/plain_values.h"

namespace isoloss::device {
namespace {

// One residual step in double: sum = x + factor rezero (values + bias), y = norm(sum).
struct PlainResidual {
  std::size_t rows, width;
  bool centred;
  double factor;
  Doubles x, values, branch_bias, rezero, scale, bias;

  Doubles sum() const {
    Doubles total = x;
    for (std::size_t i = 0; i < total.size(); ++i)
      total[i] += factor * rezero[0] * (values[i] + branch_bias[i % width]);
    return total;
  }
  Doubles normed() const {
    Doubles y = sum();
    const auto n = static_cast<double>(width);
    for (std::size_t row = 0; row < rows; ++row) {
      double* of_row = y.data() + row * width;
      double mean = 0, square = 0;
      for (std::size_t c = 0; centred && c < width; ++c) mean += of_row[c] / n;
      for (std::size_t c = 0; c < width; ++c) square += (of_row[c] - mean) * (of_row[c] - mean) / n;
      for (std::size_t c = 0; c < width; ++c)
        of_row[c] =
            (of_row[c] - mean) / std::sqrt(square + 1e-6) * scale[c] + (centred ? bias[c] : 0);
    }
    return y;
  }
};

template <typename T>
PlainResidual random_residual(std::int64_t rows, std::int64_t width, bool centred) {
  return {static_cast<std::size_t>(rows),
          static_cast<std::size_t>(width),
          centred,
          0.5,
          random_values<float>(rows * width, 1, 0.3),
          random_values<T>(rows * width, 2),
          random_values<float>(width, 3),
          {0.75},
          random_values<float>(width, 4, 1),
          random_values<float>(width, 5)};
}

template <typename T>
struct ResidualOnDevice {
  explicit ResidualOnDevice(const PlainResidual& plain)
      : shape{static_cast<std::int64_t>(plain.rows), static_cast<std::int64_t>(plain.width),
              plain.centred, 1e-6F},
        x(on_device<float>(plain.x)),
        values(on_device<T>(plain.values)),
        branch_bias(on_device<float>(plain.branch_bias)),
        rezero(on_device<float>(plain.rezero)),
        scale(on_device<float>(plain.scale)),
        bias(on_device<float>(plain.bias)),
        sum(x.size()),
        y(x.size()),
        mean(shape.rows),
        inverse(shape.rows) {}

  NormWeights weights() const { return {scale.data(), shape.centred ? bias.data() : nullptr}; }
  NormStatistics statistics() const {
    return {shape.centred ? mean.data() : nullptr, inverse.data()};
  }
  Branch<T> branch() const { return {values.data(), branch_bias.data(), rezero.data(), 0.5F}; }
  void forward(Stream& stream) {
    norm_forward<float, T, T>(stream, shape, x.data(), branch(), sum.data(), weights(), y.data(),
                              statistics());
  }

  NormShape shape;
  DeviceArray<float> x;
  DeviceArray<T> values;
  DeviceArray<float> branch_bias, rezero, scale, bias, sum;
  DeviceArray<T> y;
  DeviceArray<float> mean, inverse;
};

template <typename T>
class DeviceNorm : public OfBothTypes<T> {};
TYPED_TEST_SUITE(DeviceNorm, BothTypes);

// Widths of part of a warp, of a whole number of warps and of more than one.
constexpr std::int64_t kNormWidths[] = {40, 256, 264, 3080};

TYPED_TEST(DeviceNorm, AddsTheBranchAndNorms) {
  for (const bool centred : {true, false})
    for (const std::int64_t width : kNormWidths) {
      const PlainResidual plain = random_residual<TypeParam>(11, width, centred);
      in_both_orders([&] {
        ResidualOnDevice<TypeParam> device(plain);
        Stream stream;
        device.forward(stream);
        stream.synchronize();
        expect_close(device.sum, plain.sum(), "sum");
        expect_close(device.y, plain.normed(), "y");
      });
    }
}

TYPED_TEST(DeviceNorm, GradientsAreTheDifferencesOfTheFormula) {
  for (const bool centred : {true, false})
    for (const std::int64_t width : {std::int64_t{40}, std::int64_t{264}}) {
      PlainResidual plain = random_residual<TypeParam>(3, width, centred);
      const Doubles dy = random_values<TypeParam>(3 * width, 6);
      const Doubles above = random_values<float>(3 * width, 7);
      const auto value = [&] { return dot(dy, plain.normed()) + dot(above, plain.sum()); };
      const Doubles dx = numeric_gradient(plain.x, value);
      const Doubles d_values = numeric_gradient(plain.values, value);
      const Doubles d_branch_bias = numeric_gradient(plain.branch_bias, value);
      const Doubles d_rezero = numeric_gradient(plain.rezero, value);
      const Doubles d_scale = numeric_gradient(plain.scale, value);
      const Doubles d_bias = numeric_gradient(plain.bias, value);
      in_both_orders([&] {
        ResidualOnDevice<TypeParam> device(plain);
        const auto device_dy = on_device<TypeParam>(dy);
        const auto stream_gradient = on_device<float>(above);
        DeviceArray<TypeParam> values(3 * width);
        // What is added to starts at one.
        const auto ones = [](std::int64_t n) {
          return on_device<float>(Doubles(static_cast<std::size_t>(n), 1.0));
        };
        const auto scale = ones(width), bias = ones(width), of_branch = ones(width),
                   rezero = ones(1);
        DeviceArray<float> scratch(norm_scratch(device.shape));
        Stream stream;
        device.forward(stream);
        norm_backward<float, TypeParam, TypeParam>(
            stream, device.shape, device.sum.data(), device.weights(), device.statistics(),
            device_dy.data(), stream_gradient.data(), stream_gradient.data(),
            {scale.data(), centred ? bias.data() : nullptr}, device.branch(),
            {values.data(), of_branch.data(), rezero.data()}, scratch.data());
        stream.synchronize();
        expect_close(stream_gradient, dx, "dx");
        expect_close(values, d_values, "values");
        const auto from_one = [](Doubles x) { return plus(x, Doubles(x.size(), 1.0)); };
        expect_close(of_branch, from_one(d_branch_bias), "branch bias");
        expect_close(rezero, from_one(d_rezero), "rezero", 1e-4);
        expect_close(scale, from_one(d_scale), "scale");
        if (centred) expect_close(bias, from_one(d_bias), "bias");
      });
    }
}

// More rows than all parts of the sums take at once, so that each block adds several, in blocks of
// many rows and of one; a row of more threads than backward blocks otherwise have.
TYPED_TEST(DeviceNorm, AddsUpManyRowsAndWideOnes) {
  for (const auto& [rows, width] :
       {std::pair<std::int64_t, std::int64_t>{3500, 8}, {410, 1544}, {3, 3080}}) {
    const auto x = on_device<float>(random_values<float>(rows * width, 1));
    const auto dy = on_device<TypeParam>(Doubles(static_cast<std::size_t>(rows * width), 1.0));
    const auto scale = on_device<float>(Doubles(static_cast<std::size_t>(width), 1.0));
    const auto zeros = on_device<float>(Doubles(static_cast<std::size_t>(width), 0.0));
    const auto d_bias = on_device<float>(Doubles(static_cast<std::size_t>(width), 0.0));
    DeviceArray<float> dx(rows * width), mean(rows), inverse(rows), d_scale(width);
    DeviceArray<TypeParam> y(rows * width);
    const NormShape shape{rows, width, true, 1e-6F};
    DeviceArray<float> scratch(norm_scratch(shape));
    const NormWeights weights{scale.data(), zeros.data()};
    const NormStatistics statistics{mean.data(), inverse.data()};
    Stream stream;
    norm_forward<float, TypeParam, TypeParam>(stream, shape, x.data(), {}, nullptr, weights,
                                              y.data(), statistics);
    norm_backward<float, TypeParam, TypeParam>(
        stream, shape, x.data(), weights, statistics, dy.data(), nullptr, dx.data(),
        {d_scale.data(), d_bias.data()}, {}, {}, scratch.data());
    stream.synchronize();
    for (const float sum : to_host(d_bias)) EXPECT_EQ(sum, static_cast<float>(rows));
  }
}

TYPED_TEST(DeviceNorm, PassesTheStreamsGradientOnToABranchWithoutNorm) {
  const std::int64_t rows = 7, width = 24;
  const PlainResidual plain = random_residual<TypeParam>(rows, width, true);
  const Doubles d_sum = random_values<float>(rows * width, 8);
  Doubles d_values = d_sum, d_bias(static_cast<std::size_t>(width), 0.0), d_rezero = {0};
  for (std::size_t i = 0; i < d_sum.size(); ++i) {
    d_values[i] *= 0.5 * 0.75;
    d_bias[i % 24] += d_values[i];
    d_rezero[0] += 0.5 * d_sum[i] * (plain.values[i] + plain.branch_bias[i % 24]);
  }
  in_both_orders([&] {
    ResidualOnDevice<TypeParam> device(plain);
    const auto gradient = on_device<float>(d_sum);
    DeviceArray<TypeParam> values(rows * width);
    DeviceArray<float> bias(width), rezero(1), sum(rows * width);
    DeviceArray<float> scratch(norm_scratch(device.shape));
    Stream stream;
    stream.zero(bias.data(), width * sizeof(float));
    stream.zero(rezero.data(), sizeof(float));
    add_branch(stream, rows, width, device.x.data(), device.branch(), sum.data());
    branch_backward(stream, rows, width, gradient.data(), device.branch(),
                    {values.data(), bias.data(), rezero.data()}, scratch.data());
    stream.synchronize();
    expect_close(sum, plain.sum(), "sum");
    expect_close(values, d_values, "values");
    expect_close(bias, d_bias, "bias");
    expect_close(rezero, d_rezero, "rezero");
  });
}

TEST(DeviceNormWidths, RefusesWhatItCannotRead) {
  Stream stream;
  const auto norm = [&](std::int64_t width) {
    norm_forward<float, float, float>(stream, {1, width}, nullptr, {}, nullptr, {}, nullptr, {});
  };
  EXPECT_THROW(norm(20), InputError);
  EXPECT_THROW(norm(8192), InputError);
}

}  // namespace
}  // namespace isoloss::device
