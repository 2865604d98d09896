// Which pieces of work read and write which memory of the device: two that reach the same bytes,
// one of them to write, must be ordered by their streams and what those wait for. The emulator does
// work in the order in which it was put; a GPU does at once what nothing orders.
#pragma once
#include <cstddef>
#include <vector>

#include "model/kernels/cuda/emulator/stream_clock.h"

namespace isoloss {

// Memory whose uses are noted from now on, until it is forgotten.
void watch_memory(const void* memory, std::size_t bytes);
void forget_memory(const void* memory);

// A piece of a stream's work, and what comes before it.
struct WorkPlace {
  StreamNumber stream;
  std::size_t piece;
  StreamClock before;
};

struct MemoryUse {
  const void* memory;
  std::size_t bytes;
  bool writes;
};
// Of a piece that is done again and again: what it reached so far, and whether that is enough.
struct RepeatedUses {
  std::vector<MemoryUse> uses;
  bool enough = false;
};

// That piece is what this thread does while this lives. What it reaches is noted as it happens;
// once that is known from before, at the beginning.
class RunningWork {
 public:
  explicit RunningWork(const WorkPlace& place, RepeatedUses* repeated = nullptr);
  ~RunningWork();
  RunningWork(const RunningWork&) = delete;
  RunningWork& operator=(const RunningWork&) = delete;

 private:
  const WorkPlace* outer_;  // in which this one is done
  RepeatedUses* outer_repeated_;
};

// Whether the uses of what this thread does are noted as they happen.
bool uses_are_noted();
// The piece that this thread does reaches these bytes. std::logic_error where another piece did
// that nothing orders with it, and one of them writes.
void note_use(const void* memory, std::size_t bytes, bool writes);

}  // namespace isoloss
