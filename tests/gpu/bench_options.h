// The command line of device_bench (device_bench.cpp says what it takes).
#pragma once
#include <string>

namespace isoloss {

struct BenchOptions {
  std::string part;  // describe, ceilings, kernels or steps
  std::string only;  // of steps: one row's name; empty: all
  int after = 0;     // of kernels: rows to leave out, the first ones
  double budget = 120, seconds = 0.25;
};

// InputError at an unknown part or step, an option that the part does not take, and where a number
// is none.
BenchOptions bench_options(int argc, char** argv);

}  // namespace isoloss
