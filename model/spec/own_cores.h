// How many threads are worth starting for work that fills cores.
#pragma once
#include <cstddef>

namespace isoloss {

// Cores that this thread may run on, at least one: a C library's count may be of all that the
// machine has, where ranks that share it have their own each.
std::size_t own_cores();

// Threads that a process may be asked to have: more than any machine has cores for.
inline constexpr int kMostThreads = 1024;

}  // namespace isoloss
