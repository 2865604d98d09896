// A graph while this thread captures it, as strict as CUDA about which streams take part: the one
// that is captured, those that wait for an event of one that does, and each of them must be waited
// for in the end (CUDA C++ Programming Guide, "Creating a Graph Using Stream Capture").
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "model/kernels/cuda/emulator/work_order.h"

namespace isoloss {

class Capture {
 public:
  // Streams are known by what lives as long as anybody has them.
  using StreamId = std::shared_ptr<const void>;

  // Of `stream`, by this thread from now on; WorkError inside of another.
  explicit Capture(StreamId stream);
  ~Capture();
  Capture(const Capture&) = delete;
  Capture& operator=(const Capture&) = delete;

  // Unlike any other's.
  std::int64_t number() const { return number_; }
  bool has(const StreamId& stream) const { return streams_.contains(stream); }
  // WorkError where the stream takes no part: CUDA would do the work now, and not in the graph.
  std::size_t put(const StreamId& stream, std::function<void()> work, bool mark);
  // From now on the stream takes part, and waits for that piece.
  void wait(const StreamId& stream, std::size_t piece);
  // Memory must not be given back meanwhile, which whoever does it cannot say.
  void forbid(const char* what);

  // Pieces of work in the order in which they were put, what orders them, and the numbers that
  // their streams have there.
  struct Result {
    std::vector<std::function<void()>> work;
    WorkOrder order;
    std::vector<StreamNumber> streams;
  };
  // WorkError where it makes no graph.
  Result finish();

 private:
  std::int64_t number_;
  StreamId origin_;
  std::map<StreamId, StreamNumber> streams_;
  WorkOrder order_;
  std::vector<std::function<void()>> work_;
  std::optional<const char*> forbidden_;
};

// This thread's, if it captures one.
Capture* current_capture();
// WorkError while this thread captures one: CUDA does not do that then (it may wait for the device
// inside).
void expect_no_capture(const char* what);

}  // namespace isoloss
