#include "model/device/tensor_ranks.h"

#include <gtest/gtest.h>

#include "model/device/device_model.h"
#include "model/spec/error.h"
#include "tests/model/device/tiny_models.h"

namespace isoloss {
namespace {

ModelSpec four_heads(const char* architecture) {
  ModelSpec spec = tiny_spec(architecture);
  spec.heads = 4;
  return spec;
}

// By hand: of 43 ids rank 0 of two has 21 (43 / 2, rounded down), rank 1 the other 22.
TEST(TensorRanks, APartHasItsHeadsChannelsAndIds) {
  const ModelSpec part = part_of(four_heads("transformer"), {1, 2});
  EXPECT_EQ(head_count(part), 2);
  EXPECT_EQ(kv_head_count(part), 2);
  EXPECT_EQ(feed_forward_width(part), 16);
  EXPECT_EQ(part.d_model, 16);
  EXPECT_EQ(part.vocabulary, 22);
  const device::VocabularyPart ids = vocabulary_part(four_heads("transformer"), {1, 2});
  EXPECT_EQ(ids.first, 21);
  EXPECT_EQ(ids.count, 22);
  EXPECT_EQ(ids.whole, 43);
}

TEST(TensorRanks, GatedWidthsAndGroupedHeadsAreDividedToo) {
  ModelSpec spec = four_heads("transformer++");
  spec.kv_heads = 2;
  const ModelSpec part = part_of(spec, {0, 2});
  EXPECT_EQ(kv_head_count(part), 1);
  EXPECT_EQ(feed_forward_width(part), 12);
}

TEST(TensorRanks, OneRankHasTheWholeModel) {
  EXPECT_EQ(part_of(four_heads("primer"), {0, 1}), four_heads("primer"));
}

TEST(TensorRanks, HeadsThatDoNotDivideAreRefused) {
  EXPECT_THROW(part_of(four_heads("gpt2"), {0, 3}), InputError);
}

// Two layers of 22 tokens with 32 hidden values of two bytes, half as many on each of two ranks,
// rounded up to 256 bytes: 1408 to 1536, and 704 to 768.
TEST(TensorRanks, MemoryIsListedWithoutAGroup) {
  const auto hidden = [](const Shard& shard) {
    for (const PlannedBuffer& buffer :
         device_memory(four_heads("transformer"), {DeviceNumbers::BFloat16, 2, false, {shard}}))
      if (buffer.name == "hidden") return buffer.bytes;
    return std::int64_t{0};
  };
  EXPECT_EQ(hidden({0, 1}), 2 * 1536);
  EXPECT_EQ(hidden({0, 2}), 2 * 768);
}

}  // namespace
}  // namespace isoloss
