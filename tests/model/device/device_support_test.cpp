#include "model/device/device_support.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "model/device/device_model.h"
#include "model/spec/error.h"
#include "model/spec/spec_fields.h"
#include "tests/model/device/tiny_models.h"

namespace isoloss {
namespace {

std::string refusal(const std::string& architecture, const std::string& field,
                    const std::string& value) {
  ModelSpec spec = tiny_spec(architecture);
  set_field(spec, field, value);
  try {
    check_device_support(spec);
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

TEST(DeviceSupport, NamesTheFieldForWhichThereIsNoKernel) {
  EXPECT_THAT(refusal("primer-ez", "convolution_place", "before_projection"),
              testing::StartsWith("convolution_place: before_projection has no kernel"));
  EXPECT_THAT(refusal("transformer", "d_head", "4"),
              testing::StartsWith("d_head: 4 has no kernel"));
  EXPECT_THAT(refusal("transformer", "d_model", "20"), testing::StartsWith("d_model: 20"));
  EXPECT_THAT(refusal("transformer", "d_model", "6152"), testing::StartsWith("d_model: 6152"));
}

TEST(DeviceSupport, TakesTheCatalogueAtItsSizes) {
  for (const CatalogueEntry& entry : architectures())
    for (const CatalogueEntry& size : sizes()) {
      const ModelSpec spec = with_size(named_architecture(entry.name), size.name);
      EXPECT_NO_THROW(check_device_support(spec)) << entry.name << " " << size.name;
    }
}

// By hand: the table of this model has 43 x 16 elements of embedding, 2 x 8 of relative bias, in
// each of two layers 2 x 16 of norm, 4 x 16 x 16 of attention, 2 x 16 of norm, 2 x 16 x 32 + 32 +
// 16 of feed-forward, and 2 x 16 of the last norm: each a multiple of 16, so nothing lies between.
TEST(DeviceMemory, ListsWeightsByTheTable) {
  constexpr std::int64_t kElements = 43 * 16 + 16 + 2 * (32 + 1024 + 32 + 1024 + 48) + 32;
  const std::vector<PlannedBuffer> list =
      device_memory(tiny_spec("transformer"), {DeviceNumbers::BFloat16, 2});
  ASSERT_GT(list.size(), 3U);
  const auto rounded_up = [](std::int64_t bytes) { return (bytes + 255) / 256 * 256; };
  EXPECT_EQ(list[0], (PlannedBuffer{"weights", rounded_up(4 * kElements)}));
  EXPECT_EQ(list[1], (PlannedBuffer{"gradients", rounded_up(4 * kElements)}));
  EXPECT_EQ(list[2], (PlannedBuffer{"rounded weights", rounded_up(2 * kElements)}));
}

TEST(DeviceMemory, ASecondRowCostsWhatItsActivationsTake) {
  const ModelSpec spec = tiny_spec("primer");
  const auto bytes = [&](std::int64_t sequences) {
    std::int64_t sum = 0;
    for (const PlannedBuffer& buffer : device_memory(spec, {DeviceNumbers::BFloat16, sequences}))
      if (buffer.name == "hidden") sum += buffer.bytes;
    return sum;
  };
  // Two layers of 11 x 32 values of two bytes, each rounded up to 256.
  EXPECT_EQ(bytes(1), 2 * 768);
  EXPECT_EQ(bytes(2), 2 * 1536);
}

}  // namespace
}  // namespace isoloss
