// StreamOrder by CUDA's events; in a capture the events become edges of the graph.
#pragma once
#include "model/parallel/device_communicator.h"

namespace isoloss {

class CudaStreamOrder final : public StreamOrder {
 public:
  // On the device that is current, as all streams that are given.
  CudaStreamOrder();
  ~CudaStreamOrder() override;
  CudaStreamOrder(const CudaStreamOrder&) = delete;
  CudaStreamOrder& operator=(const CudaStreamOrder&) = delete;

  void after(DeviceStream later, DeviceStream earlier) override;

 private:
  void* event_ = nullptr;  // a cudaEvent_t: a wait keeps what was recorded last, so one serves all
};

}  // namespace isoloss
