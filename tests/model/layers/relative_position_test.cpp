#include "model/layers/relative_position.h"

#include <gtest/gtest.h>

#include "model/spec/relative_bucket.h"

namespace isoloss {
namespace {

TEST(RelativePosition, AModelsBucketsAreThoseOfItsDistances) {
  const at::Tensor buckets = relative_buckets(ModelSpec{}, 40);
  ASSERT_EQ(buckets.numel(), 40);
  for (std::int64_t n = 0; n < 40; ++n)
    EXPECT_EQ(buckets.const_data_ptr<std::int64_t>()[n], relative_bucket(n, 32, 128));
}

}  // namespace
}  // namespace isoloss
