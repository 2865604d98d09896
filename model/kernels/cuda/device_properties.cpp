#include "model/kernels/cuda/device_properties.h"

#include <cublasLt.h>
#include <cuda_runtime.h>

#include "model/kernels/cuda/driver_problem.h"
#include "model/spec/error.h"

namespace isoloss {
namespace {

void expect(cudaError_t error, const char* call) {
  if (error != cudaSuccess)
    throw WorkError(std::string(call) + " failed (" + cudaGetErrorString(error) +
                    "); run where the driver reports a GPU");
}

}  // namespace

DeviceProperties device_properties() {
  int device = 0, driver = 0, runtime = 0;
  cudaDeviceProp found{};
  expect(cudaGetDevice(&device), "cudaGetDevice");
  expect(cudaGetDeviceProperties(&found, device), "cudaGetDeviceProperties");
  expect(cudaDriverGetVersion(&driver), "cudaDriverGetVersion");
  expect(cudaRuntimeGetVersion(&runtime), "cudaRuntimeGetVersion");
  const std::size_t cublaslt = cublasLtGetVersion();  // 130100: 13.1.0
  return {.name = found.name,
          .compute_capability = std::to_string(found.major) + "." + std::to_string(found.minor),
          .multiprocessors = found.multiProcessorCount,
          .memory_bytes = found.totalGlobalMem,
          .l2_bytes = static_cast<std::size_t>(found.l2CacheSize),
          .driver_cuda_version = cuda_version_text(driver),
          .runtime_cuda_version = cuda_version_text(runtime),
          .cublaslt_version = std::to_string(cublaslt / 10000) + "." +
                              std::to_string(cublaslt / 100 % 100) + "." +
                              std::to_string(cublaslt % 100)};
}

std::size_t free_device_memory() {
  std::size_t free = 0, total = 0;
  expect(cudaMemGetInfo(&free, &total), "cudaMemGetInfo");
  return free;
}

}  // namespace isoloss
