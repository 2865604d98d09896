// Independent pieces of work on threads. What a piece computes depends on its index alone, so that
// results do not depend on the number of threads.
#pragma once
#include <cstddef>
#include <functional>

namespace isoloss {

// Calls work(0) ... work(count - 1), each once, on `threads` threads; the first exception thrown is
// thrown again here.
void parallel_for(std::size_t count, int threads, const std::function<void(std::size_t)>& work);

}  // namespace isoloss
