// Token shift and rotary positions against their definitions.
#include <gtest/gtest.h>

#include "model/kernels/cuda/rotary.h"
#include "model/kernels/cuda/token_shift.h"
#include "tests/model/kernels/cuda/both_orders.h"
#include "tests/model/kernels/cuda/plain_values.h"

namespace isoloss::device {
namespace {

template <typename T>
class DevicePositions : public OfBothTypes<T> {};
TYPED_TEST_SUITE(DevicePositions, BothTypes);

TYPED_TEST(DevicePositions, HalfOfTheChannelsComeFromTheStepBefore) {
  const StepRows rows{2, 3, 8};
  const auto x = on_device<TypeParam>([] {
    Doubles values;
    for (int i = 0; i < 48; ++i) values.push_back(i);
    return values;
  }());
  DeviceArray<TypeParam> y(48), back(48);
  Stream stream;
  shift_tokens<TypeParam>(stream, rows, x.data(), y.data());
  shift_tokens_backward<TypeParam>(stream, rows, x.data(), back.data());
  stream.synchronize();
  EXPECT_EQ(doubles(to_host(y)),
            (Doubles{0,  0,  0,  0,  4,  5,  6,  7,  0,  1,  2,  3,  12, 13, 14, 15,
                     8,  9,  10, 11, 20, 21, 22, 23, 0,  0,  0,  0,  28, 29, 30, 31,
                     24, 25, 26, 27, 36, 37, 38, 39, 32, 33, 34, 35, 44, 45, 46, 47}));
  EXPECT_EQ(doubles(to_host(back)),
            (Doubles{8,  9,  10, 11, 4,  5,  6,  7,  16, 17, 18, 19, 12, 13, 14, 15,
                     0,  0,  0,  0,  20, 21, 22, 23, 32, 33, 34, 35, 28, 29, 30, 31,
                     40, 41, 42, 43, 36, 37, 38, 39, 0,  0,  0,  0,  44, 45, 46, 47}));
}

// (a + bi) e^(i angle), pair by pair, in the first heads of wider rows.
TYPED_TEST(DevicePositions, HeadsTurnByTheirPositionAndBack) {
  const RotaryShape shape{2, 5, 2, 8, 24};
  const Doubles x = random_values<TypeParam>(2 * 5 * 24, 1);
  Doubles expected = x;
  for (std::size_t row = 0; row < 10; ++row)
    for (std::size_t head = 0; head < 2; ++head)
      for (std::size_t i = 0; i < 4; ++i) {
        const double angle =
            static_cast<double>(row % 5) * std::pow(100.0, -static_cast<double>(i) / 4);
        const std::size_t at = row * 24 + head * 8 + i;
        expected[at] = x[at] * std::cos(angle) - x[at + 4] * std::sin(angle);
        expected[at + 4] = x[at + 4] * std::cos(angle) + x[at] * std::sin(angle);
      }
  const std::vector<float> host_table = rotary_table(5, 8, 100);
  const auto table = to_device<float>(host_table);
  in_both_orders([&] {
    const auto device_x = on_device<TypeParam>(x);
    Stream stream;
    rotate(stream, shape, table.data(), Turn::Forward, device_x.data());
    stream.synchronize();
    expect_close(device_x, expected, "turned");
    rotate(stream, shape, table.data(), Turn::Back, device_x.data());
    stream.synchronize();
    expect_close(device_x, x, "turned back", 2 * kTolerance<TypeParam>);
  });
}

}  // namespace
}  // namespace isoloss::device
