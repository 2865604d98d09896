// What stands beside every figure that was measured on a device.
#pragma once
#include <cstddef>
#include <string>

namespace isoloss {

struct DeviceProperties {
  std::string name;                // as the driver reports it
  std::string compute_capability;  // "9.0"
  int multiprocessors = 0;
  std::size_t memory_bytes = 0;
  std::size_t l2_bytes = 0;
  std::string driver_cuda_version;   // the newest CUDA that the driver knows, "13.0"
  std::string runtime_cuda_version;  // what this program was built with
  std::string cublaslt_version;      // "13.1.0"
};

// Of this thread's device. WorkError where there is none.
DeviceProperties device_properties();

// Bytes that nobody holds on this thread's device.
std::size_t free_device_memory();

}  // namespace isoloss
