#include "model/kernels/cuda/device.h"

#include <chrono>
#include <cstdlib>
#include <cstring>

#include "model/spec/error.h"

namespace isoloss {
namespace {

using Clock = std::chrono::steady_clock;

// At once; sanitizers end a program that asks the host for more than it could ever have.
constexpr std::size_t kMostBytes = std::size_t{1} << 38;

// Bytes that read as NaN, so that what nobody wrote shows.
std::shared_ptr<void> host_memory(std::size_t bytes) {
  const std::size_t size = (bytes + 255) / 256 * 256;
  void* memory = size > kMostBytes ? nullptr : std::aligned_alloc(256, size == 0 ? 256 : size);
  if (memory == nullptr) throw DeviceMemoryFull("the emulated device has too little memory");
  std::memset(memory, 0xff, size);
  return {memory, std::free};
}

// The graph that is being captured by this thread, if any: streams take part by use.
thread_local std::vector<std::function<void()>>* captured = nullptr;

}  // namespace

struct Stream::Impl {};
struct Event::Impl {
  Clock::time_point at;
};
struct Graph::Impl {
  std::vector<std::function<void()>> work;
};

DeviceMemory::DeviceMemory(std::size_t bytes) : data_(host_memory(bytes)), size_(bytes) {
  if (captured != nullptr) throw WorkError("device memory is allocated inside a graph");
}
PinnedMemory::PinnedMemory(std::size_t bytes) : data_(host_memory(bytes)), size_(bytes) {}

Stream::Stream() : impl_(std::make_unique<Impl>()) {}
Stream::~Stream() = default;
Stream::Stream(Stream&&) noexcept = default;
Stream& Stream::operator=(Stream&&) noexcept = default;

void Stream::put(std::function<void()> work) {
  if (captured != nullptr)
    captured->push_back(std::move(work));
  else
    work();
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
void Stream::wait(const Event&) {}  // everything is done at once, in the order of the host
void Stream::synchronize() {
  if (captured != nullptr) throw WorkError("the host waits for a stream inside a graph");
}

Event::Event() : impl_(std::make_unique<Impl>()) {}
Event::~Event() = default;
Event::Event(Event&&) noexcept = default;
Event& Event::operator=(Event&&) noexcept = default;
void Event::record(Stream& stream) {
  Impl* impl = impl_.get();
  stream.put([impl] { impl->at = Clock::now(); });
}
bool Event::done() const { return true; }
void Event::synchronize() const {
  if (captured != nullptr) throw WorkError("the host waits for an event inside a graph");
}
double Event::milliseconds(const Event& from, const Event& to) {
  return std::chrono::duration<double, std::milli>(to.impl_->at - from.impl_->at).count();
}

Graph::Graph() : impl_(std::make_unique<Impl>()) {}
Graph::~Graph() = default;
Graph::Graph(Graph&&) noexcept = default;
Graph& Graph::operator=(Graph&&) noexcept = default;
Graph Graph::capture(Stream&, const std::function<void()>& work) {
  Graph graph;
  captured = &graph.impl_->work;
  try {
    work();
  } catch (...) {
    captured = nullptr;
    throw;
  }
  captured = nullptr;
  return graph;
}
void Graph::launch(Stream& stream) {
  for (const auto& work : impl_->work) stream.put(work);
}

int device_count() { return 1; }
void use_device(int) {}

}  // namespace isoloss
