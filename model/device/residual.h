// The frame that both sub-layers stand in, on the device: x + F(x) with the norms, the shift and
// the scales that the spec has around F, forward and backward. The residual stream is float32.
#pragma once
#include <functional>
#include <string>

#include "model/device/device_step.h"
#include "model/device/device_tensors.h"
#include "model/device/memory_layout.h"

namespace isoloss {

enum class SubLayer { Attention, FeedForward };
