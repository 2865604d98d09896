#include "harness/training/bfloat16_probe.h"

#include <gtest/gtest.h>

#include "model/spec/catalogue.h"

namespace isoloss {
namespace {

TEST(BFloat16Probe, WarnsWithTheMeasuredRatioWhereItIsSlower) {
  EXPECT_EQ(bfloat16_warning({0.2, 0.1}), "");
  EXPECT_EQ(bfloat16_warning({0.2, 0.5}),
            "run.dtype: bfloat16 is slower than float32 on this machine (the products of the "
            "largest run take 2.50x as long, measured); write float32 to train faster");
}

TEST(BFloat16Probe, MeasuresBothTypesOfASmallAndOfALargeModel) {
  for (const char* size : {"t5-small", "gpt3-xl"}) {
    const ProbedSeconds seconds = probe_products(with_size({}, size), 4096);
    EXPECT_GT(seconds.float32, 0) << size;
    EXPECT_GT(seconds.bfloat16, 0) << size;
  }
}

}  // namespace
}  // namespace isoloss
