#include "model/spec/own_cores.h"

#include <sched.h>

#include <algorithm>
#include <thread>

namespace isoloss {

std::size_t own_cores() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) return static_cast<std::size_t>(CPU_COUNT(&set));
  return std::max(1U, std::thread::hardware_concurrency());
}

}  // namespace isoloss
