#include "model/kernels/cuda/device.h"

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "model/kernels/cuda/emulator/capture.h"
#include "model/kernels/cuda/emulator/late_device.h"
#include "model/kernels/cuda/emulator/stream_trace.h"
#include "model/kernels/cuda/memory_ledger.h"
#include "model/spec/error.h"

namespace isoloss {
namespace {

using Clock = std::chrono::steady_clock;

// At once; sanitizers end a program that asks the host for more than it could ever have.
constexpr std::size_t kMostBytes = std::size_t{1} << 38;

struct Free {
  void operator()(void* memory) const { std::free(memory); }
};

// Bytes that read as NaN, so that what nobody wrote shows.
std::unique_ptr<void, Free> host_memory(std::size_t bytes) {
  const std::size_t size = (bytes + 255) / 256 * 256;
  void* memory = size > kMostBytes ? nullptr : std::aligned_alloc(256, size == 0 ? 256 : size);
  if (memory == nullptr) throw DeviceMemoryFull("the emulated device has too little memory");
  std::memset(memory, 0xff, size);
  return std::unique_ptr<void, Free>(memory);
}

// What CUDA does not do while a graph is captured (it may wait for the device inside).
void expect_no_capture(const char* what) {
  if (current_capture() != nullptr) throw WorkError(std::string(what) + " inside a graph");
}

void note_freed() {
  if (Capture* const capture = current_capture()) capture->forbid("memory of the device is freed");
}

struct Late {
  bool on = false;
  std::int64_t waits = 0, pending = 0;
};
thread_local Late late;

struct Lane;

// A place in a stream's work that an event marks.
struct Mark {
  std::shared_ptr<Lane> on;
  bool passed = false;
  Clock::time_point at;
  std::optional<std::size_t> traced;  // of the trace in which it was recorded
  // The graph in which it was, none 0, and the piece there.
  std::int64_t capture = 0;
  std::size_t captured = 0;
};
// What a late stream has before it.
struct Task {
  std::function<void()> work;
  std::shared_ptr<Mark> awaited;  // a wait, in place of work
};
struct Lane {
  std::deque<Task> tasks;
};

void step(Lane& lane);

void run_to(const Mark& mark) {
  while (!mark.passed) step(*mark.on);
}

void step(Lane& lane) {
  const Task task = std::move(lane.tasks.front());
  lane.tasks.pop_front();
  --late.pending;
  if (task.awaited)
    run_to(*task.awaited);
  else
    task.work();
}

void run_all(Lane& lane) {
  while (!lane.tasks.empty()) step(lane);
}

void put_later(Lane& lane, Task task) {
  lane.tasks.push_back(std::move(task));
  ++late.pending;
}

}  // namespace

LateDevice::LateDevice() { late = {.on = true}; }
LateDevice::~LateDevice() { late.on = false; }
std::int64_t LateDevice::waits() const { return late.waits; }
std::int64_t LateDevice::pending() const { return late.pending; }

struct Stream::Impl {
  ~Impl() { run_all(*lane); }
  void put(std::function<void()> work) {
    if (Capture* const capture = current_capture()) {
      capture->put(lane, std::move(work), false);
    } else if (late.on) {
      put_later(*lane, {std::move(work), nullptr});
    } else {
      run_all(*lane);
      work();
    }
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
  std::vector<std::function<void()>> work;
};

std::shared_ptr<MemoryLedger> device_ledger() {
  thread_local const auto ledger = std::make_shared<MemoryLedger>();
  return ledger;
}

DeviceMemory::DeviceMemory(std::size_t bytes) : size_(bytes) {
  expect_no_capture("device memory is allocated");
  // It may be freed on another thread: it is this one's until then.
  auto memory = host_memory(bytes);
  device_ledger()->take(bytes);
  data_ = {memory.release(), [bytes, ledger = device_ledger()](void* held) {
             note_freed();
             std::free(held);
             ledger->give_back(bytes);
           }};
}
PinnedMemory::PinnedMemory(std::size_t bytes) : size_(bytes) {
  expect_no_capture("pinned memory is allocated");
  data_ = {host_memory(bytes).release(), [](void* held) {
             note_freed();
             std::free(held);
           }};
}

Stream::Stream() : impl_(std::make_unique<Impl>()) {}
Stream::~Stream() = default;
Stream::Stream(Stream&&) noexcept = default;
Stream& Stream::operator=(Stream&&) noexcept = default;

void Stream::put(std::function<void()> work) {
  if (StreamTrace* const trace = stream_trace()) trace->put(impl_->lane.get(), false);
  impl_->put(std::move(work));
}
void Stream::zero(void* device, std::size_t bytes) {
  if (bytes > 0) put([=] { std::memset(device, 0, bytes); });
}
void Stream::copy(void* to, const void* from, std::size_t bytes) {
  if (bytes > 0) put([=] { std::memcpy(to, from, bytes); });
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
    trace->wait(impl_->lane.get(), *mark->traced);
  if (here)
    capture->wait(impl_->lane, mark->captured);
  else if (late.on)
    put_later(*impl_->lane, {nullptr, mark});
}
void Stream::synchronize() {
  expect_no_capture("the host waits for a stream");
  if (!impl_->lane->tasks.empty()) ++late.waits;
  run_all(*impl_->lane);
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
    mark->traced = trace->put(stream.impl_->lane.get(), true);
  if (Capture* const capture = current_capture()) {
    // Nobody waits for it but the graph, whose work has one order.
    mark->capture = capture->number();
    mark->captured = capture->put(
        mark->on, [] {}, true);
    return;
  }
  stream.impl_->put([mark] {
    mark->at = Clock::now();
    mark->passed = true;
    mark->on.reset();
  });
}
bool Event::done() const {
  expect_no_capture("the host asks for an event");
  impl_->expect_passing();
  return !impl_->mark || impl_->mark->passed;
}
void Event::synchronize() const {
  expect_no_capture("the host waits for an event");
  if (done()) return;
  ++late.waits;
  run_to(*impl_->mark);
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
  graph.impl_->work = capture.finish();
  return graph;
}
void Graph::launch(Stream& stream) {
  expect_no_capture("a graph is launched");
  for (const auto& work : impl_->work) stream.put(work);
}

int device_count() { return 1; }
void use_device(int) {}

}  // namespace isoloss
