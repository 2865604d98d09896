// What kernels read and write while the emulator runs them. GCC's instrumentation for its thread
// sanitizer calls the functions of access_hooks.cpp, in place of the sanitizer's own, which knows
// no warps and blocks.
#pragma once
#include <cstddef>

namespace isoloss::simt {

// Of the thread of a block that runs; nothing where none does. `code`: where in the program.
void note_access(const void* memory, std::size_t bytes, bool writes, const void* code);

}  // namespace isoloss::simt
