// What this process held in memory at most, as the system counts it.
#pragma once
#include <cstdint>

namespace isoloss {

// The largest resident size of this process in bytes since forget_peak_memory() (VmHWM); 0 where
// the system does not say.
std::int64_t peak_memory();
// From now on; what earlier work left with the allocator still counts. Without effect where the
// system does not let it.
void forget_peak_memory();

}  // namespace isoloss
