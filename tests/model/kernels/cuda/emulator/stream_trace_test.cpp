#include "model/kernels/cuda/emulator/stream_trace.h"

#include <gtest/gtest.h>

#include <cstddef>

#include "model/kernels/cuda/device.h"

namespace isoloss {
namespace {

// a, the event, b on one stream; c and d on another that waits for the event in between.
TEST(StreamTrace, KnowsWhatWaitsForWhat) {
  for (const bool in_graph : {false, true}) {
    StreamTrace trace;
    Stream first, second;
    Event event, forked, joined;
    std::size_t a = 0, b = 0, c = 0, d = 0;
    const auto put = [&](Stream& on, std::size_t& piece) {
      piece = trace.size();
      on.put([] {});
    };
    const auto work = [&] {
      put(first, a);
      event.record(first);
      put(first, b);
      put(second, c);
      second.wait(event);
      put(second, d);
    };
    if (in_graph)  // which both streams take part in
      Graph::capture(first, [&] {
        forked.record(first);
        second.wait(forked);
        work();
        joined.record(second);
        first.wait(joined);
      });
    else
      work();
    EXPECT_TRUE(trace.waits(b, a));
    EXPECT_TRUE(trace.waits(d, a));
    EXPECT_TRUE(trace.waits(d, c));
    for (const std::size_t other : {a, b}) {
      EXPECT_FALSE(trace.waits(c, other));
      EXPECT_FALSE(trace.waits(other, c));
      EXPECT_FALSE(trace.waits(other, d));
    }
    EXPECT_FALSE(trace.waits(d, b));
    EXPECT_FALSE(trace.waits(a, b));
    EXPECT_TRUE(trace.marks(a + 1));
    EXPECT_FALSE(trace.marks(a));
    EXPECT_TRUE(trace.on_one_stream(a, b));
    EXPECT_FALSE(trace.on_one_stream(a, c));
  }
}

}  // namespace
}  // namespace isoloss
