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

Capture::Capture(StreamId stream) : number_(++captures), origin_(std::move(stream)) {
  if (current != nullptr) throw WorkError("a graph is captured inside a graph");
  streams_[origin_] = new_stream_number();
  current = this;
}

Capture::~Capture() { current = nullptr; }

std::size_t Capture::put(const StreamId& stream, std::function<void()> work, bool mark) {
  if (!has(stream))
    throw WorkError(
        "a stream takes no part in the graph that is captured (it waits for none of it)");
  work_.push_back(std::move(work));
  return order_.put(streams_.at(stream), mark);
}

void Capture::wait(const StreamId& stream, std::size_t piece) {
  if (!has(stream)) streams_[stream] = new_stream_number();
  order_.wait(streams_.at(stream), piece);
}

void Capture::forbid(const char* what) { forbidden_ = what; }

Capture::Result Capture::finish() {
  if (forbidden_) throw WorkError(std::string(*forbidden_) + " inside a graph");
  std::vector<StreamNumber> streams;
  for (const auto& [stream, number] : streams_) {
    if (!order_.joined(streams_.at(origin_), number))
      throw WorkError("a stream takes part in a graph that does not wait for it in the end");
    streams.push_back(number);
  }
  return {std::move(work_), std::move(order_), std::move(streams)};
}

void expect_no_capture(const char* what) {
  if (current_capture() != nullptr) throw WorkError(std::string(what) + " inside a graph");
}

}  // namespace isoloss
