// A stream as communicators of devices know it.
#pragma once
#include "model/kernels/cuda/device.h"
#include "model/parallel/device_communicator.h"

namespace isoloss {

inline DeviceStream as_device_stream(Stream& stream) {
#ifdef ISOLOSS_EMULATED
  return {&stream};
#else
  return {stream.native()};
#endif
}

}  // namespace isoloss
