#include "harness/nccl/cuda_check.h"

#include <fmt/format.h>

#include "model/spec/error.h"

namespace isoloss {

void check_cuda(cudaError_t code, const char* call) {
  if (code == cudaSuccess) return;
  throw WorkError(
      fmt::format("{} failed ({}); look at the device with nvidia-smi, and run the study again",
                  call, cudaGetErrorString(code)));
}

}  // namespace isoloss
