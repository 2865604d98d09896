#include "model/device/memory_layout.h"

#include <gtest/gtest.h>

#include <vector>

namespace isoloss {
namespace {

TEST(MemoryLayout, BuffersBeginAtMultiplesOf256BytesAndNamesAddUp) {
  alignas(256) static std::byte memory[2048];
  MemoryLayout layout(memory);
  EXPECT_EQ(layout.take<float>("a", 65), reinterpret_cast<float*>(memory));  // 260 bytes
  EXPECT_EQ(layout.take<char>("b", 1), reinterpret_cast<char*>(memory + 512));
  EXPECT_EQ(layout.take<float>("a", 1), reinterpret_cast<float*>(memory + 768));
  EXPECT_EQ(layout.bytes(), 1024);
  EXPECT_EQ(layout.buffers(), (std::vector<PlannedBuffer>{{"a", 768}, {"b", 256}}));
}

TEST(MemoryLayout, WithoutMemoryNoAddressIsNull) {
  MemoryLayout layout;
  const float* const first = layout.take<float>("a", 65);
  EXPECT_NE(first, nullptr);
  EXPECT_EQ(layout.take<float>("a", 1) - first, 128);  // 512 bytes
}

TEST(MemoryLayout, WhatIsNeverWantedTogetherTakesTheRoomOfTheLargest) {
  MemoryLayout layout;
  layout.take<float>("kept", 64);
  layout.overlaid("scratch", {[&] { layout.take<float>("one", 64); },
                              [&] {
                                layout.take<float>("two", 64);
                                layout.take<float>("three", 64);
                              }});
  layout.take<float>("after", 64);
  EXPECT_EQ(layout.bytes(), 256 + 512 + 256);
  EXPECT_EQ(layout.buffers(),
            (std::vector<PlannedBuffer>{{"kept", 256}, {"scratch", 512}, {"after", 256}}));
}

TEST(MemoryLayout, PartsInTurnHaveTheBuffersOfTheLargest) {
  MemoryLayout layout;
  layout.in_turn(3, [&](std::size_t part) {
    layout.take<float>("first", 64);
    if (part == 1) layout.take<float>("second", 64);
  });
  layout.take<float>("after", 64);
  EXPECT_EQ(layout.bytes(), 512 + 256);
  EXPECT_EQ(layout.buffers(),
            (std::vector<PlannedBuffer>{{"first", 256}, {"second", 256}, {"after", 256}}));
}

}  // namespace
}  // namespace isoloss
