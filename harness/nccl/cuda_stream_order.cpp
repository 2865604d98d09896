#include "harness/nccl/cuda_stream_order.h"

#include "harness/nccl/cuda_check.h"

namespace isoloss {

CudaStreamOrder::CudaStreamOrder() {
  cudaEvent_t event = nullptr;
  check_cuda(cudaEventCreateWithFlags(&event, cudaEventDisableTiming), "cudaEventCreate");
  event_ = event;
}

CudaStreamOrder::~CudaStreamOrder() { cudaEventDestroy(static_cast<cudaEvent_t>(event_)); }

void CudaStreamOrder::after(DeviceStream later, DeviceStream earlier) {
  auto* const event = static_cast<cudaEvent_t>(event_);
  check_cuda(cudaEventRecord(event, static_cast<cudaStream_t>(earlier.handle)), "cudaEventRecord");
  check_cuda(cudaStreamWaitEvent(static_cast<cudaStream_t>(later.handle), event, 0),
             "cudaStreamWaitEvent");
}

}  // namespace isoloss
