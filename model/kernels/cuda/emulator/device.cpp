#include "model/kernels/cuda/device.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include "model/kernels/cuda/emulator/capture.h"
#include "model/kernels/cuda/emulator/lane.h"
#include "model/kernels/cuda/emulator/memory_uses.h"
#include "model/kernels/cuda/emulator/stream_trace.h"
#include "model/spec/error.h"

namespace isoloss {
namespace {

// Launches of a graph of which it is noted what they reach, which takes a test most of its time.
// Later ones are taken to reach the same; where ids say which rows of an embedding, they may reach
// others.
constexpr std::size_t kNotedLaunches = 3;

}  // namespace

struct Stream::Impl {
  ~Impl() { lane->finish(); }
  void put(std::function<void()> work) {
    if (Capture* const capture = current_capture())
      capture->put(lane, std::move(work), false);
    else
      lane->put(std::move(work), lane->next());
  }
  std::shared_ptr<Lane> lane = std::make_shared<Lane>();
};
struct Event::Impl {
  // What the host asks of a place in a graph CUDA does not answer (cudaErrorCapturedEvent).
  void expect_passing() const {
    if (mark && mark->capture != 0)
      throw WorkError("the host asks for an event that was recorded inside a graph");
  }
  std::shared_ptr<Mark> mark;  // of the last time that it was recorded
};
struct Graph::Impl {
  ~Impl() {
    for (const StreamNumber stream : captured.streams) end_stream(stream, pieces);
  }
  Capture::Result captured;
  std::vector<RepeatedUses> uses;  // of each piece
  std::size_t pieces = 0;          // done so far, of all launches
};

Stream::Stream() : impl_(std::make_unique<Impl>()) {}
Stream::~Stream() = default;
Stream::Stream(Stream&&) noexcept = default;
Stream& Stream::operator=(Stream&&) noexcept = default;

void Stream::put(std::function<void()> work) {
  if (StreamTrace* const trace = stream_trace()) trace->put(impl_->lane->number, false);
  impl_->put(std::move(work));
}
void Stream::zero(void* device, std::size_t bytes) {
  if (bytes > 0)
    put([=] {
      note_use(device, bytes, true);
      std::memset(device, 0, bytes);
    });
}
void Stream::copy(void* to, const void* from, std::size_t bytes) {
  if (bytes > 0)
    put([=] {
      note_use(from, bytes, false);
      note_use(to, bytes, true);
      std::memcpy(to, from, bytes);
    });
}
void Stream::copy_to_device(void* device, const void* host, std::size_t bytes) {
  copy(device, host, bytes);
}
void Stream::copy_to_host(void* host, const void* device, std::size_t bytes) {
  copy(host, device, bytes);
}
// Otherwise everything is done at once, in the order of the host, and in a graph likewise.
void Stream::wait(const Event& event) {
  const std::shared_ptr<Mark>& mark = event.impl_->mark;
  if (!mark) return;
  Capture* const capture = current_capture();
  const bool here = capture != nullptr && mark->capture == capture->number();
  if (mark->capture != 0 && !here)
    throw WorkError("a stream waits for an event that was recorded inside another graph");
  if (!here && capture != nullptr && capture->has(impl_->lane))
    throw WorkError("a graph waits for an event that was recorded outside of it");
  if (StreamTrace* const trace = stream_trace(); trace != nullptr && mark->traced)
    trace->wait(impl_->lane->number, *mark->traced);
  if (here) {
    capture->wait(impl_->lane, mark->captured);
    return;
  }
  join(impl_->lane->before, mark->before);
  impl_->lane->put_wait(mark);
}
void Stream::synchronize() {
  expect_no_capture("the host waits for a stream");
  impl_->lane->wait();
  host_waited(impl_->lane->before);
}

Event::Event() : impl_(std::make_unique<Impl>()) {}
Event::~Event() = default;
Event::Event(Event&&) noexcept = default;
Event& Event::operator=(Event&&) noexcept = default;
void Event::record(Stream& stream) {
  const auto mark = std::make_shared<Mark>();
  mark->on = stream.impl_->lane;
  impl_->mark = mark;
  if (StreamTrace* const trace = stream_trace())
    mark->traced = trace->put(stream.impl_->lane->number, true);
  if (Capture* const capture = current_capture()) {
    // Nobody waits for it but the graph, whose work has one order.
    mark->capture = capture->number();
    mark->captured = capture->put(
        mark->on, [] {}, true);
    return;
  }
  const WorkPlace place = mark->on->next();
  mark->before = place.before;
  const auto pass = [mark] {
    mark->at = std::chrono::steady_clock::now();
    mark->passed = true;
    mark->on.reset();
  };
  mark->on->put(pass, place);
}
bool Event::done() const {
  expect_no_capture("the host asks for an event");
  impl_->expect_passing();
  if (!impl_->mark) return true;
  if (impl_->mark->passed) host_waited(impl_->mark->before);
  return impl_->mark->passed;
}
void Event::synchronize() const {
  expect_no_capture("the host waits for an event");
  if (done()) return;
  wait_for(*impl_->mark);
  host_waited(impl_->mark->before);
}
double Event::milliseconds(const Event& from, const Event& to) {
  for (const Event* event : {&from, &to}) event->impl_->expect_passing();
  return std::chrono::duration<double, std::milli>(to.impl_->mark->at - from.impl_->mark->at)
      .count();
}

Graph::Graph() : impl_(std::make_unique<Impl>()) {}
Graph::~Graph() = default;
Graph::Graph(Graph&&) noexcept = default;
Graph& Graph::operator=(Graph&&) noexcept = default;
Graph Graph::capture(Stream& stream, const std::function<void()>& work) {
  Graph graph;
  Capture capture(stream.impl_->lane);
  work();
  graph.impl_->captured = capture.finish();
  return graph;
}
void Graph::launch(Stream& stream) {
  expect_no_capture("a graph is launched");
  const Capture::Result& graph = impl_->captured;
  impl_->uses.resize(graph.work.size());
  const WorkPlace begin = stream.impl_->lane->next();
  const auto at = [&](std::size_t piece) { return impl_->pieces + piece + 1; };
  for (std::size_t i = 0; i < graph.work.size(); ++i) {
    if (StreamTrace* const trace = stream_trace()) trace->put(stream.impl_->lane->number, false);
    WorkPlace place{graph.order.stream(i), at(i), begin.before};
    for (const auto& [inner, piece] : graph.order.before(i)) place.before[inner] = at(piece);
    RepeatedUses& uses = impl_->uses[i];
    uses.enough = impl_->pieces >= kNotedLaunches * graph.work.size();
    stream.impl_->lane->put(graph.work[i], place, &uses);
  }
  impl_->pieces += graph.work.size();
  for (const StreamNumber inner : graph.streams) stream.impl_->lane->before[inner] = impl_->pieces;
}

int device_count() { return 1; }
void use_device(int) {}

}  // namespace isoloss
