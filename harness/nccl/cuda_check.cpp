#include "harness/nccl/cuda_check.h"

#include <string>

#include "model/kernels/cuda/device.h"
#include "model/spec/error.h"

namespace isoloss {

void check_cuda(cudaError_t code, const char* call) {
  if (code == cudaSuccess) return;
  const std::string what = std::string(call) + " failed (" + cudaGetErrorString(code) + ")";
  if (code == cudaErrorMemoryAllocation) {
    cudaGetLastError();  // or what goes on takes it for its own
    throw DeviceMemoryFull(what);
  }
  throw WorkError(what + "; look at the device with nvidia-smi, and run the study again");
}

}  // namespace isoloss
