#include "tests/gpu/bench_rows.h"

#include <string>

#include "tests/gpu/json_line.h"
#include "tests/model/cost/reference_models.h"

namespace isoloss {
namespace {

void add_training(JsonLine& line, const StepsTaken& taken) {
  line.add("steps_taken", taken.steps)
      .add("first_loss", taken.first_loss)
      .add("last_loss", taken.last_loss)
      .flag("finite", taken.finite);
}

}  // namespace

void print_device(const DeviceProperties& device) {
  JsonLine line("device");
  line.add("name", device.name)
      .add("compute_capability", device.compute_capability)
      .add("multiprocessors", device.multiprocessors)
      .add("memory_bytes", static_cast<double>(device.memory_bytes))
      .add("l2_bytes", static_cast<double>(device.l2_bytes))
      .add("driver_cuda_version", device.driver_cuda_version)
      .add("runtime_cuda_version", device.runtime_cuda_version)
      .add("cublaslt_version", device.cublaslt_version);
  if (const DataSheet* sheet = data_sheet_of_board(device.name))
    line.add("data_sheet", sheet->source)
        .add("data_sheet_bfloat16_flops", sheet->bfloat16_flops)
        .add("data_sheet_float32_flops", sheet->float32_flops)
        .add("data_sheet_bytes_per_second", sheet->memory_bytes_per_second);
  line.print();
}

void print_kernel(const BenchCase& bench, const DeviceTiming& timing, const DataSheet* sheet) {
  const double flops = bench.work.matrix_flops + bench.work.scalar_flops;
  JsonLine line("row");
  line.add("model", bench.model)
      .add("kernel", bench.work.name)
      .add("dtype", bench.bfloat16 ? "bfloat16" : "float32")
      .flag("product", bench.product)
      .add("bytes", bench.work.bytes)
      .add("flops", flops)
      .add("seconds", timing.median)
      .add("seconds_low", timing.low)
      .add("seconds_high", timing.high)
      .add("samples", timing.samples)
      .add("repeats", timing.repeats)
      .add("began", timing.began)
      .add("ended", timing.ended)
      .add("bytes_per_second", bench.work.bytes / timing.median)
      .add("flops_per_second", flops / timing.median);
  if (sheet != nullptr) {
    const RooflineSeconds bound = roofline(bench.work, *sheet);
    line.add("roofline_seconds", bound.seconds())
        .add("bound_by", bound.by_memory() ? "memory" : "FLOPs")
        .add("of_roofline", bound.seconds() / timing.median);
  }
  line.print();
}

void print_step(const StepCase& model, const StepResult& result, const DataSheet* sheet) {
  const double speed = result.tokens / result.timing.seconds;
  const Utilisation flops = utilisation(model.spec, 1, 1);  // of a token
  JsonLine line("row");
  line.add("model", model.name)
      .add("kernel", "step")
      .add("dtype", "bfloat16")
      .add("tokens", result.tokens)
      .add("seconds", result.timing.seconds)
      .add("seconds_low", result.timing.low)
      .add("seconds_high", result.timing.high)
      .add("samples", result.timing.steps)
      .add("began", result.timing.began)
      .add("ended", result.timing.ended)
      .add("tokens_per_second", speed)
      .add("flops_per_token_6N_6LCT", flops.causal)
      .add("flops_per_token_6N_12LTd", flops.full)
      .add("planned_bytes", result.planned_bytes)
      .add("taken_bytes", result.taken_bytes);
  add_training(line, result.taken);
  if (model.asked > 0) line.add("tokens_per_second_asked", model.asked);
  if (sheet != nullptr) {
    const Utilisation share = utilisation(model.spec, speed, sheet->bfloat16_flops);
    double bound = 0;
    for (const KernelWork& work : model.kernels) bound += roofline(work, *sheet).seconds();
    line.add("utilisation_6N_6LCT_of_data_sheet", share.causal)
        .add("utilisation_6N_12LTd_of_data_sheet", share.full)
        .add("roofline_seconds", bound)
        .add("of_roofline", bound / result.timing.seconds);
  }
  line.print();
}

void print_packing(const PackingResult& packed) {
  JsonLine line("row");
  line.add("model", kPackedTrialsName)
      .add("kernel", "step")
      .add("dtype", "bfloat16")
      .add("trials", std::to_string(kPackedTrials) + " x " + kPackedModel)
      .add("tokens_per_second_one_after_the_other", packed.alone)
      .add("tokens_per_second", packed.together)
      .add("ratio", packed.together / packed.alone)
      .add("ratio_asked", kPackingAsked)
      .add("began", packed.began)
      .add("ended", packed.ended);
  add_training(line, packed.taken);
  line.print();
}

}  // namespace isoloss
