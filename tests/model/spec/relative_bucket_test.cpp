#include "model/spec/relative_bucket.h"

#include <gtest/gtest.h>

#include <tuple>

namespace isoloss {
namespace {

class Buckets : public testing::TestWithParam<std::tuple<std::int64_t, std::int64_t>> {};

// 16 + int(16 ln(n / 16) / ln(8)), at most 31, computed with NumPy: 17 gives .466, 20 gives 1.717,
// 32 gives 5.333, 64 gives 10.667, 127 gives 15.940.
TEST_P(Buckets, AreT5s) {
  EXPECT_EQ(relative_bucket(std::get<0>(GetParam()), 32, 128), std::get<1>(GetParam()));
}

INSTANTIATE_TEST_SUITE_P(Distances, Buckets,
                         testing::Values(std::tuple(0, 0), std::tuple(1, 1), std::tuple(15, 15),
                                         std::tuple(16, 16), std::tuple(17, 16), std::tuple(20, 17),
                                         std::tuple(32, 21), std::tuple(64, 26),
                                         std::tuple(127, 31), std::tuple(128, 31),
                                         std::tuple(1000, 31)));

}  // namespace
}  // namespace isoloss
