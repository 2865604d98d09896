#include "model/kernels/cuda/emulator/capture.h"

#include <atomic>
#include <string>
#include <utility>

#include "model/spec/error.h"

namespace isoloss {
namespace {

thread_local Capture* current = nullptr;
std::atomic<std::int64_t> captures = 0;  // of all threads

}  // namespace

Capture* current_capture() { return current; }

Capture::Capture(StreamId stream)
    : number_(++captures), origin_(std::move(stream)), streams_{origin_} {
  if (current != nullptr) throw WorkError("a graph is captured inside a graph");
  current = this;
}

Capture::~Capture() { current = nullptr; }

std::size_t Capture::put(const StreamId& stream, std::function<void()> work, bool mark) {
  if (!has(stream))
    throw WorkError(
        "a stream takes no part in the graph that is captured (it waits for none of it)");
  work_.push_back(std::move(work));
  return order_.put(stream.get(), mark);
}

void Capture::wait(const StreamId& stream, std::size_t piece) {
  streams_.insert(stream);
  order_.wait(stream.get(), piece);
}

void Capture::forbid(const char* what) { forbidden_ = what; }

std::vector<std::function<void()>> Capture::finish() {
  if (forbidden_) throw WorkError(std::string(*forbidden_) + " inside a graph");
  for (const StreamId& stream : streams_)
    if (!order_.joined(origin_.get(), stream.get()))
      throw WorkError("a stream takes part in a graph that does not wait for it in the end");
  return std::move(work_);
}

}  // namespace isoloss
