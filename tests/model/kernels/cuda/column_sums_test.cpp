// Sums of columns of whole numbers are exact, whatever their order.
#include "model/kernels/cuda/column_sums.h"

#include <gtest/gtest.h>

#include "tests/model/kernels/cuda/both_orders.h"
#include "tests/model/kernels/cuda/plain_values.h"

namespace isoloss::device {
namespace {

template <typename T>
class DeviceColumnSums : public OfBothTypes<T> {};
TYPED_TEST_SUITE(DeviceColumnSums, BothTypes);

TYPED_TEST(DeviceColumnSums, AddsEveryRowOnce) {
  const std::int64_t rows = 100, width = 272, stride = 280;
  Doubles x, expected(static_cast<std::size_t>(width), 5.0);
  for (std::int64_t row = 0; row < rows; ++row)
    for (std::int64_t column = 0; column < stride; ++column) {
      x.push_back(static_cast<double>((row * 7 + column) % 11));
      if (column < width) expected[static_cast<std::size_t>(column)] += x.back();
    }
  const auto device_x = on_device<TypeParam>(x);
  in_both_orders([&] {
    const auto to = on_device<float>(Doubles(static_cast<std::size_t>(width), 5.0));
    const ColumnSumsShape shape{rows, width, stride};
    DeviceArray<float> scratch(column_sums_scratch(shape));
    Stream stream;
    add_column_sums<TypeParam>(stream, shape, device_x.data(), to.data(), scratch.data());
    stream.synchronize();
    EXPECT_EQ(doubles(to_host(to)), expected);
  });
}

}  // namespace
}  // namespace isoloss::device
