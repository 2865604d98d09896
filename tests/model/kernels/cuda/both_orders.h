// Runs a test of kernels with the emulator's threads in ascending and in descending order, so that
// missing synchronisation shows; on a GPU once.
#pragma once
#include <functional>

#include "model/kernels/cuda/device.h"

namespace isoloss {

inline void in_both_orders(const std::function<void()>& test) {
#ifdef ISOLOSS_EMULATED
  test();
  simt::set_order(simt::Order::Descending);
  test();
  simt::set_order(simt::Order::Ascending);
#else
  test();
#endif
}

}  // namespace isoloss
