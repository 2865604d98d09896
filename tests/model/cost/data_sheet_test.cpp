#include "model/cost/data_sheet.h"

#include <gtest/gtest.h>

#include "model/spec/error.h"

namespace isoloss {
namespace {

// The H100 data sheet prints 1,979 TFLOPS of bfloat16 and 900 GB/s of NVLink with the notes "with
// sparsity" and both ways, and 3.35 TB/s; A100's 312 and 2,039 GB/s; H200's 4.8 TB/s and 141 GB;
// Blackwell's 4.5 PFLOPS with sparsity and 7.7 TB/s for a GPU of HGX B200.
TEST(DataSheet, SaysWhatTheMakerPrints) {
  EXPECT_NEAR(data_sheet("h100").bfloat16_flops, 1979e12 / 2, 1e12);
  EXPECT_EQ(data_sheet("h100").memory_bytes_per_second, 3.35e12);
  EXPECT_EQ(data_sheet("h100").link_bytes_per_second, 900e9 / 2);
  EXPECT_EQ(data_sheet("h200").memory_bytes_per_second, 4.8e12);
  EXPECT_EQ(data_sheet("h200").memory_bytes, 141e9);
  EXPECT_EQ(data_sheet("a100").bfloat16_flops, 312e12);
  EXPECT_EQ(data_sheet("a100").memory_bytes_per_second, 2.039e12);
  EXPECT_EQ(data_sheet("b200").bfloat16_flops, 4.5e15 / 2);
  EXPECT_EQ(data_sheet("b200").memory_bytes_per_second, 7.7e12);
}

TEST(DataSheet, RefusesWhatIsNotListedAndNamesTheNearest) {
  try {
    data_sheet("h10");
    FAIL() << "h10 was taken";
  } catch (const InputError& error) {
    EXPECT_STREQ(error.what(), "'h10' is not a GPU with a known data sheet; did you mean 'h100'?");
  }
}

TEST(DataSheet, KnowsBoardsByTheDriversNames) {
  EXPECT_EQ(data_sheet_of_board("NVIDIA H100 80GB HBM3")->device, "h100");
  EXPECT_EQ(data_sheet_of_board("NVIDIA H200")->device, "h200");
  EXPECT_EQ(data_sheet_of_board("NVIDIA A100-SXM4-80GB")->device, "a100");
  EXPECT_EQ(data_sheet_of_board("NVIDIA B200")->device, "b200");
  // Other rates under the same number: 756 TFLOP/s of an H100 for a PCIe slot.
  EXPECT_EQ(data_sheet_of_board("NVIDIA H100 PCIe"), nullptr);
  EXPECT_EQ(data_sheet_of_board("NVIDIA H100 NVL"), nullptr);
  EXPECT_EQ(data_sheet_of_board("NVIDIA GH200 480GB"), nullptr);
  EXPECT_EQ(data_sheet_of_board("Tesla V100-SXM2-16GB"), nullptr);
}

}  // namespace
}  // namespace isoloss
