#include "model/kernels/cuda/driver_problem.h"

namespace isoloss {

std::optional<std::string> driver_problem(int code, const std::string& words, int driver_version,
                                          int runtime_version) {
  if (code == kNoDevice || (code == kInsufficientDriver && driver_version == 0))
    return std::nullopt;
  if (code == kInsufficientDriver)
    return "the GPU's driver is too old (it knows CUDA " + cuda_version_text(driver_version) +
           ", and this program was built with CUDA " + cuda_version_text(runtime_version) +
           "); update the driver, or build with a CUDA that it knows";
  return "cudaGetDeviceCount failed (" + words + "); see what nvidia-smi says of the driver";
}

std::string cuda_version_text(int version) {
  return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10);
}

}  // namespace isoloss
