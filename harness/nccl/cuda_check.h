// The one place where a code of CUDA's becomes an error.
#pragma once
#include <cuda_runtime_api.h>

namespace isoloss {

// WorkError naming the call where it failed.
void check_cuda(cudaError_t code, const char* call);

}  // namespace isoloss
