// Cross-entropy with z-loss against its definition in double, its gradient by differences.
#include "model/kernels/cuda/cross_entropy.h"

#include <gtest/gtest.h>

#include <limits>

#include "tests/model/kernels/cuda/both_orders.h"
#include "tests/model/kernels/cuda/plain_values.h"

namespace isoloss::device {
namespace {

struct PlainLogits {
  std::size_t rows, vocabulary;
  Doubles logits;
  std::vector<std::int32_t> targets;

  double log_z(std::size_t row) const {
    double total = 0;
    for (std::size_t c = 0; c < vocabulary; ++c) total += std::exp(logits[row * vocabulary + c]);
    return std::log(total);
  }
  Doubles losses() const {
    Doubles result;
    for (std::size_t row = 0; row < rows; ++row)
      result.push_back(log_z(row) -
                       logits[row * vocabulary + static_cast<std::size_t>(targets[row])]);
    return result;
  }
  double total(double weight, double z_loss) const {
    double sum = 0;
    const Doubles each = losses();
    for (std::size_t row = 0; row < rows; ++row)
      sum += each[row] + z_loss * log_z(row) * log_z(row);
    return weight * sum;
  }
};

template <typename T>
PlainLogits random_logits(std::int64_t rows, std::int64_t vocabulary) {
  PlainLogits plain{static_cast<std::size_t>(rows),
                    static_cast<std::size_t>(vocabulary),
                    random_values<T>(rows * vocabulary, 1, 2),
                    {}};
  for (std::int64_t row = 0; row < rows; ++row)
    plain.targets.push_back(static_cast<std::int32_t>((row * 7 + vocabulary - 1) % vocabulary));
  return plain;
}

// With columns from the vocabulary's end to the stride, which nobody may read.
Doubles padded(const Doubles& x, std::size_t vocabulary, std::size_t stride, double with) {
  Doubles result;
  for (std::size_t i = 0; i < x.size(); ++i) {
    result.push_back(x[i]);
    if (i % vocabulary == vocabulary - 1) result.resize(result.size() + stride - vocabulary, with);
  }
  return result;
}

template <typename T>
class DeviceCrossEntropy : public OfBothTypes<T> {};
TYPED_TEST_SUITE(DeviceCrossEntropy, BothTypes);

TYPED_TEST(DeviceCrossEntropy, LossesAndGradientsAreTheDefinitions) {
  for (const std::int64_t vocabulary : {13, 24, 300}) {
    const std::int64_t rows = 3, stride = (vocabulary + 15) / 8 * 8;
    PlainLogits plain = random_logits<TypeParam>(rows, vocabulary);
    const Doubles losses = plain.losses();
    const double weight = 0.25, z_loss = 0.01;
    const Doubles gradient =
        numeric_gradient(plain.logits, [&] { return plain.total(weight, z_loss); });
    const LogitsShape shape{rows, vocabulary, stride};
    const auto targets = to_device<std::int32_t>(plain.targets);
    const auto columns = static_cast<std::size_t>(vocabulary);
    in_both_orders([&] {
      const auto logits =
          on_device<TypeParam>(padded(plain.logits, columns, static_cast<std::size_t>(stride),
                                      std::numeric_limits<double>::quiet_NaN()));
      DeviceArray<float> alone(rows), with_gradient(rows);
      Stream stream;
      cross_entropy_losses<TypeParam>(stream, shape, logits.data(), targets.data(), alone.data());
      cross_entropy_gradient(stream, shape, logits.data(), targets.data(), 0.25F, 0.01F,
                             with_gradient.data());
      stream.synchronize();
      expect_close(alone, losses, "losses");
      expect_close(with_gradient, losses, "losses with gradient");
      expect_close(logits, padded(gradient, columns, static_cast<std::size_t>(stride), 0),
                   "gradient");
    });
  }
}

// The columns [first, first + count) of rows of `vocabulary`.
Doubles columns_of(const Doubles& x, std::size_t vocabulary, std::size_t first, std::size_t count) {
  Doubles result;
  for (std::size_t row = 0; row * vocabulary < x.size(); ++row)
    for (std::size_t c = first; c < first + count; ++c) result.push_back(x[row * vocabulary + c]);
  return result;
}

// Ranks with 5, 13 and 6 ids.
TYPED_TEST(DeviceCrossEntropy, PartsOfTheVocabularyGiveTheDefinitionsToo) {
  constexpr std::int64_t kRows = 3, kIds = 24, kStride = 16;
  const std::vector<std::int64_t> firsts{0, 5, 18, kIds};
  const std::int64_t ranks = std::ssize(firsts) - 1;
  PlainLogits plain = random_logits<TypeParam>(kRows, kIds);
  const Doubles losses = plain.losses();
  const Doubles gradient = numeric_gradient(plain.logits, [&] { return plain.total(0.25, 0.01); });
  const auto targets = to_device<std::int32_t>(plain.targets);
  const auto part_of = [&](const Doubles& x, std::size_t rank, double with) {
    const auto first = static_cast<std::size_t>(firsts[rank]);
    const auto count = static_cast<std::size_t>(firsts[rank + 1]) - first;
    return padded(columns_of(x, kIds, first, count), count, kStride, with);
  };
  in_both_orders([&] {
    DeviceArray<float> parts(ranks * 2 * kRows), alone(kRows), with_gradient(kRows);
    std::vector<DeviceArray<TypeParam>> logits;
    Stream stream;
    const auto shape = [&](std::size_t rank) {
      return LogitsShape{kRows, firsts[rank + 1] - firsts[rank], kStride, firsts[rank]};
    };
    for (std::size_t rank = 0; rank < 3; ++rank) {
      logits.push_back(on_device<TypeParam>(
          part_of(plain.logits, rank, std::numeric_limits<double>::quiet_NaN())));
      cross_entropy_part<TypeParam>(stream, shape(rank), logits[rank].data(), targets.data(),
                                    parts.data() + static_cast<std::ptrdiff_t>(rank) * 2 * kRows);
    }
    cross_entropy_losses(stream, kRows, ranks, parts.data(), alone.data());
    for (std::size_t rank = 0; rank < 3; ++rank) {
      cross_entropy_gradient(stream, shape(rank), ranks, parts.data(), logits[rank].data(),
                             targets.data(), 0.25F, 0.01F, with_gradient.data());
      stream.synchronize();
      expect_close(with_gradient, losses, "losses with gradient");
      expect_close(logits[rank], part_of(gradient, rank, 0), "gradient");
    }
    expect_close(alone, losses, "losses");
  });
}

TYPED_TEST(DeviceCrossEntropy, LargeLogitsDoNotOverflow) {
  const auto logits = on_device<TypeParam>({20480, 0, 20352, -20480, 0, 0, 0, 0});
  const auto targets = to_device<std::int32_t>(std::vector<std::int32_t>{2});
  DeviceArray<float> losses(1);
  Stream stream;
  cross_entropy_gradient(stream, {1, 8, 8}, logits.data(), targets.data(), 1.0F, 0.0F,
                         losses.data());
  stream.synchronize();
  EXPECT_EQ(to_host(losses)[0], 128);  // of what both types hold exactly
  EXPECT_EQ(doubles(to_host(logits)), (Doubles{1, 0, -1, 0, 0, 0, 0, 0}));
}

TYPED_TEST(DeviceCrossEntropy, WhatIsNotANumberShows) {
  const auto logits =
      on_device<TypeParam>({0, 1, std::numeric_limits<double>::quiet_NaN(), 3, 0, 0, 0, 0});
  const auto targets = to_device<std::int32_t>(std::vector<std::int32_t>{1});
  DeviceArray<float> losses(1);
  Stream stream;
  cross_entropy_losses<TypeParam>(stream, {1, 8, 8}, logits.data(), targets.data(), losses.data());
  stream.synchronize();
  EXPECT_TRUE(std::isnan(to_host(losses)[0]));
}

TEST(MeanLoss, IsTheMean) {
  Doubles losses;
  for (int i = 0; i < 1500; ++i) losses.push_back(i);
  const auto device = on_device<float>(losses);
  in_both_orders([&] {
    DeviceArray<float> mean(1);
    Stream stream;
    mean_loss(stream, 1500, device.data(), mean.data());
    stream.synchronize();
    EXPECT_EQ(to_host(mean)[0], 749.5F);
  });
}

}  // namespace
}  // namespace isoloss::device
