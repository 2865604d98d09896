// The one place of this room where a code of CUDA's becomes an error.
#pragma once
#include <cuda_runtime_api.h>

namespace isoloss {

// Where the call failed, an error that names it: DeviceMemoryFull where memory is what the device
// lacks, which concerns one run, else WorkError.
void check_cuda(cudaError_t code, const char* call);

}  // namespace isoloss
