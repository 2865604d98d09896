// The work that lies before a stream of the emulator: done as it is put, or, where a LateDevice
// lives, once the host waits for it or for what comes after it.
#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>

#include "model/kernels/cuda/emulator/memory_uses.h"
#include "model/kernels/cuda/emulator/stream_clock.h"

namespace isoloss {

class Lane;

// A place in a stream's work that an event marks.
struct Mark {
  std::shared_ptr<Lane> on;
  bool passed = false;
  std::chrono::steady_clock::time_point at;
  StreamClock before;
  std::optional<std::size_t> traced;  // of the trace in which it was recorded
  // The graph in which it was, none 0, and the piece there.
  std::int64_t capture = 0;
  std::size_t captured = 0;
};

class Lane {
 public:
  Lane() = default;
  ~Lane() { end_stream(number, pieces_); }
  Lane(const Lane&) = delete;
  Lane& operator=(const Lane&) = delete;

  // Of what is put here next.
  WorkPlace next();
  void put(std::function<void()> work, const WorkPlace& place, RepeatedUses* repeated = nullptr);
  void put_wait(std::shared_ptr<Mark> mark);
  // Does all of it; the host that waits is counted where there is any.
  void finish();
  void wait();

  const StreamNumber number = new_stream_number();
  StreamClock before;  // of what is put next

 private:
  friend void wait_for(const Mark& mark);
  // Work, or a wait in its place.
  struct Task {
    std::function<void()> work;
    std::shared_ptr<Mark> awaited;
  };
  static void run_to(const Mark& mark);
  void put_later(Task task);
  void step();

  std::deque<Task> tasks_;
  std::size_t pieces_ = 0;
};

// The host waits for a mark that is not passed.
void wait_for(const Mark& mark);

}  // namespace isoloss
