// What it means that CUDA counts no devices: there are none, or there is something to mend, which
// must not pass for a machine without. Plain code that needs no CUDA, so that it is tested
// anywhere.
#pragma once
#include <optional>
#include <string>

namespace isoloss {

// The codes of cudaGetDeviceCount that may mean that there is no device (driver_types.h of CUDA).
inline constexpr int kInsufficientDriver = 35, kNoDevice = 100;

// What is wrong and what to do, where cudaGetDeviceCount gave `code`, which is no success and whose
// words are given; absent where there is no device, or no driver. The versions are those of
// cudaDriverGetVersion, 0 without a driver, and cudaRuntimeGetVersion.
std::optional<std::string> driver_problem(int code, const std::string& words, int driver_version,
                                          int runtime_version);

// 13010: "13.1".
std::string cuda_version_text(int version);

}  // namespace isoloss
