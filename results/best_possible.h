// How the best that is possible on a task is kept among a run's scores: as the task's name with a
// suffix, since both are figures of the same items. It is no task of its own.
#pragma once
#include <string_view>

namespace isoloss {

inline constexpr std::string_view kBestSuffix = "-best";

}  // namespace isoloss
