// What a capture takes and refuses, as CUDA does (CUDA Runtime API: cudaErrorStreamCaptureUnjoined,
// cudaErrorStreamCaptureIsolation, cudaErrorCapturedEvent). Where only the emulator looks, CUDA
// does something else than what was meant.
#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <thread>
#include <vector>

#include "model/kernels/cuda/device.h"
#include "model/spec/error.h"

namespace isoloss {
namespace {

class GraphCapture : public testing::Test {
 protected:
  // Work on the stream.
  void put(Stream& on) { on.zero(memory_.data(), 4); }
  static void after(Stream& later, Stream& earlier, Event& event) {
    event.record(earlier);
    later.wait(event);
  }

  DeviceArray<float> memory_{1};
  Stream stream_, side_;
  Event forked_, back_;
};

TEST_F(GraphCapture, TakesAStreamThatIsForkedAndJoined) {
  Graph graph = Graph::capture(stream_, [&] {
    put(stream_);
    after(side_, stream_, forked_);
    put(side_);
    after(stream_, side_, back_);
  });
  graph.launch(stream_);
  stream_.synchronize();
  EXPECT_EQ(to_host(memory_), std::vector<float>{0});
}

TEST_F(GraphCapture, RefusesAStreamThatIsNotJoined) {
  const auto forked = [&] {
    put(stream_);
    after(side_, stream_, forked_);
    put(side_);
  };
  EXPECT_THROW(Graph::capture(stream_, forked), WorkError);
}

TEST_F(GraphCapture, RefusesAStreamThatIsJoinedTooEarly) {
  const auto goes_on = [&] {
    put(stream_);
    after(side_, stream_, forked_);
    put(side_);
    after(stream_, side_, back_);
    put(side_);
  };
  EXPECT_THROW(Graph::capture(stream_, goes_on), WorkError);
}

TEST_F(GraphCapture, RefusesToWaitForWhatIsOutside) {
  put(side_);
  back_.record(side_);
  EXPECT_THROW(Graph::capture(stream_, [&] { stream_.wait(back_); }), WorkError);
}

TEST_F(GraphCapture, AnEventInsideTellsTheHostNothing) {
  Graph graph = Graph::capture(stream_, [&] {
    put(stream_);
    back_.record(stream_);
  });
  graph.launch(stream_);
  stream_.synchronize();
  EXPECT_THROW(back_.done(), WorkError);
  back_.record(stream_);
  back_.synchronize();
  EXPECT_TRUE(back_.done());
}

#ifdef ISOLOSS_EMULATED
// CUDA would do the work at once, and not with the graph.
TEST_F(GraphCapture, RefusesAStreamThatIsNotForked) {
  EXPECT_THROW(Graph::capture(stream_, [&] { put(side_); }), WorkError);
  put(side_);
}

// CUDA gives up the capture and keeps the memory.
TEST_F(GraphCapture, RefusesToFreeMemory) {
  std::optional<DeviceMemory> of_device(4);
  std::optional<PinnedMemory> of_host(4);
  EXPECT_THROW(Graph::capture(stream_, [&] { of_device.reset(); }), WorkError);
  EXPECT_THROW(Graph::capture(stream_, [&] { of_host.reset(); }), WorkError);
}

TEST_F(GraphCapture, RefusesToTakeMemory) {
  EXPECT_THROW(Graph::capture(stream_, [] { DeviceMemory{4}; }), WorkError);
  EXPECT_THROW(Graph::capture(stream_, [] { PinnedMemory{4}; }), WorkError);
}

// On threads that capture nothing else, so that each graph is its thread's first. What CUDA says of
// an event inside a graph that is made already is not documented.
TEST_F(GraphCapture, RefusesToWaitForWhatIsInsideAnotherThreadsGraph) {
  const auto on_a_thread = [](const std::function<void()>& work) { std::thread(work).join(); };
  on_a_thread([&] {
    Graph::capture(stream_, [&] {
      put(stream_);
      forked_.record(stream_);
    });
  });
  const auto waits = [&] {
    put(side_);
    side_.wait(forked_);
  };
  on_a_thread([&] { EXPECT_THROW(Graph::capture(side_, waits), WorkError); });
}
#endif

}  // namespace
}  // namespace isoloss
