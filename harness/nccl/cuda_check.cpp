#include "harness/nccl/cuda_check.h"

#include <string>

#include "model/spec/error.h"

namespace isoloss {

void check_cuda(cudaError_t code, const char* call) {
  if (code == cudaSuccess) return;
  throw WorkError(std::string(call) + " failed (" + cudaGetErrorString(code) +
                  "); look at the device with nvidia-smi, and run the study again");
}

}  // namespace isoloss
