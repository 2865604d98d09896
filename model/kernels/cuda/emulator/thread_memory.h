// Where the variables of this host thread are that the program declares thread_local: among them
// what kernels declare __shared__.
#pragma once
#include <cstdint>

namespace isoloss::simt {

struct MemoryRange {
  std::uintptr_t begin = 0, end = 0;
  bool has(const void* memory) const {
    return reinterpret_cast<std::uintptr_t>(memory) - begin < end - begin;
  }
};

// Of the program itself, without its libraries.
MemoryRange thread_memory();

}  // namespace isoloss::simt
