// Whether ranks that share a device work on it at the same time: NVIDIA's Multi-Process Service
// lets them; without it their work takes turns and sharing gains nothing.
#pragma once
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>

#include "harness/devices/placement.h"

namespace isoloss {

// Whether MPS serves this machine: its control daemon has a pipe in CUDA_MPS_PIPE_DIRECTORY, or in
// /tmp/nvidia-mps where that is not set (NVIDIA's "Multi-Process Service", section 4.2).
// `variable` gives a variable's value, null where it is not set.
bool mps_serves(const std::function<const char*(const char*)>& variable);

// The warning of a job whose ranks share devices where MPS does not serve; absent where no device
// of `machine` has two ranks, or MPS does. `places` are place_ranks' of `ranks`.
std::optional<std::string> sharing_problem(std::span<const RankView> ranks,
                                           std::span<const int> places, const std::string& machine,
                                           bool mps);

}  // namespace isoloss
