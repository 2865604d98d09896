// Passes over memory whose size is no multiple of what a thread takes.
#include "model/kernels/cuda/elementwise.h"

#include <gtest/gtest.h>

#include "tests/model/kernels/cuda/both_orders.h"
#include "tests/model/kernels/cuda/plain_values.h"

namespace isoloss::device {
namespace {

template <typename T>
class DeviceElements : public OfBothTypes<T> {};
TYPED_TEST_SUITE(DeviceElements, BothTypes);

TYPED_TEST(DeviceElements, AreConvertedScaledAndAdded) {
  const Doubles x = random_values<TypeParam>(37, 1), start = random_values<float>(37, 2);
  Doubles scaled = x, added = start;
  for (std::size_t i = 0; i < x.size(); ++i) {
    scaled[i] *= 0.5;
    added[i] += 3 * x[i];
  }
  in_both_orders([&] {
    const auto device_x = on_device<TypeParam>(x);
    const auto sums = on_device<float>(start);
    DeviceArray<float> widened(37);
    DeviceArray<TypeParam> back(37);
    Stream stream;
    convert(stream, 37, device_x.data(), widened.data());
    convert(stream, 37, static_cast<const float*>(widened.data()), back.data());
    add_scaled(stream, 37, 3.0F, static_cast<const TypeParam*>(device_x.data()), sums.data());
    scale(stream, 37, 0.5F, device_x.data());
    stream.synchronize();
    EXPECT_EQ(doubles(to_host(widened)), x);
    EXPECT_EQ(doubles(to_host(back)), x);
    EXPECT_EQ(doubles(to_host(device_x)), scaled);  // a half is exact
    expect_close(sums, added, "sums");
  });
}

// Columns 8 to 23 of rows of 32 into, and then onto, columns 0 to 15 of rows of 24.
TYPED_TEST(DeviceElements, ColumnsGoFromOneMatrixToAnother) {
  constexpr std::size_t kRows = 5, kWidth = 16, kFrom = 32, kTo = 24;
  const Doubles from = random_values<TypeParam>(kRows * kFrom, 1);
  Doubles copied(kRows * kTo, 3.0), twice(kRows * kTo, 3.0);
  for (std::size_t row = 0; row < kRows; ++row)
    for (std::size_t c = 0; c < kWidth; ++c) {
      copied[row * kTo + c] = from[row * kFrom + 8 + c];
      twice[row * kTo + c] = 2 * copied[row * kTo + c];
    }
  in_both_orders([&] {
    const auto matrix = on_device<TypeParam>(from);
    const auto other = on_device<TypeParam>(Doubles(kRows * kTo, 3.0));
    const MatrixColumns<const TypeParam> source{matrix.data() + 8, kFrom};
    const MatrixColumns<TypeParam> target{other.data(), kTo};
    Stream stream;
    copy_columns(stream, kRows, kWidth, source, target);
    stream.synchronize();
    EXPECT_EQ(doubles(to_host(other)), copied);
    add_columns(stream, kRows, kWidth, source, target);
    stream.synchronize();
    EXPECT_EQ(doubles(to_host(other)), twice);
  });
}

}  // namespace
}  // namespace isoloss::device
