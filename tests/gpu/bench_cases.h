// The kernels that device_bench times, each in the shapes of a reference model, beside what its
// roofline says (model/cost/step_kernels.h).
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "model/cost/roofline.h"
#include "model/kernels/cuda/device.h"
#include "model/kernels/cuda/product.h"

namespace isoloss {

struct BenchCase {
  std::string model;
  bool bfloat16 = true;
  KernelWork work;  // of one launch
  // Takes memory, fills it, and returns what puts one launch on the stream; the memory goes with
  // it.
  std::function<std::function<void()>(Stream&, Products&)> prepare;
  bool product = false;  // of matrices, by cuBLASLt: a measured peak
};

// A copy within the device's memory, and a product of square matrices, 8192 a side in bfloat16 and
// 4096 in float32: the most that a device can be expected to reach.
std::vector<BenchCase> ceilings();
// Of the two shapes of GPT-2 and of primer-ez, in the order in which they are wanted most.
std::vector<BenchCase> kernel_cases();

}  // namespace isoloss
