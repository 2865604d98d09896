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

}  // namespace
}  // namespace isoloss::device
