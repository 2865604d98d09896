// What device_bench prints: the device and a JSON object for each figure, beside its roofline and
// its utilisation of the data sheet's peak where the board's is known.
#pragma once
#include "model/cost/data_sheet.h"
#include "model/kernels/cuda/device_properties.h"
#include "tests/gpu/bench_cases.h"
#include "tests/gpu/device_timer.h"
#include "tests/gpu/step_bench.h"

namespace isoloss {

void print_device(const DeviceProperties& device);
void print_kernel(const BenchCase& bench, const DeviceTiming& timing, const DataSheet* sheet);
// With FLOPs a token by both conventions (model/cost/roofline.h), for shares of a measured peak.
void print_step(const StepCase& model, const StepResult& result, const DataSheet* sheet);
void print_packing(const PackingResult& packed);

}  // namespace isoloss
