// device_bench: what a GPU reaches, a JSON object a line.
//   device_bench describe                             the device; exit status 77 where there is
//   none device_bench kernels [--budget S] [--seconds S]   how near kernels come to their rooflines
//   device_bench steps [--budget S] [--seconds S]     whole training steps and packed trials
// No row begins later than `--budget` seconds (120) after the start; what was left out is listed. A
// kernel takes about `--seconds` (0.25), a model and the packed trials twenty times as long.
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <map>
#include <stdexcept>

#include "model/kernels/cuda/device_properties.h"
#include "model/spec/error.h"
#include "model/spec/nearest_name.h"
#include "tests/gpu/bench_cases.h"
#include "tests/gpu/device_timer.h"
#include "tests/gpu/json_line.h"
#include "tests/gpu/step_bench.h"
#include "tests/model/cost/reference_models.h"

namespace isoloss {
namespace {

constexpr int kNoDevice = 77;

struct Options {
  std::string part;
  double budget = 120, seconds = 0.25;
};

double positive(const char* option, const char* text) {
  char* end = nullptr;
  const double value = text == nullptr ? 0 : std::strtod(text, &end);
  if (text == nullptr || *end != 0 || !(value > 0))
    throw InputError(std::string(option) + ": '" + (text == nullptr ? "" : text) +
                     "' is not a time (seconds, above zero); for example 60");
  return value;
}

Options options_of(int argc, char** argv) {
  static const std::vector<std::string> parts = {"describe", "kernels", "steps"};
  Options options;
  if (argc > 1) options.part = argv[1];
  if (std::find(parts.begin(), parts.end(), options.part) == parts.end())
    throw InputError("'" + options.part + "' is not a part of device_bench" +
                     suggestion(options.part, parts));
  for (int i = 2; i < argc; i += 2) {
    const std::string option = argv[i];
    if (option == "--budget")
      options.budget = positive("--budget", argv[i + 1]);
    else if (option == "--seconds")
      options.seconds = positive("--seconds", argv[i + 1]);
    else
      throw InputError("'" + option + "' is not an option of device_bench (--budget, --seconds)");
  }
  return options;
}

void describe(const DeviceProperties& device) {
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

// The fastest of what was measured: products of the models' shapes and of squares, and the copy.
struct Peaks {
  std::map<bool, double> flops;  // by whether it is bfloat16
  double bytes = 0;

  void take(const BenchCase& bench, const DeviceTiming& timing) {
    const double done = bench.work.matrix_flops + bench.work.scalar_flops;
    const bool copy = bench.work.name == "copy";
    if (copy) bytes = bench.work.bytes / timing.median;
    flops[bench.bfloat16] = std::max(flops[bench.bfloat16], done / timing.median);
  }
};

void print_row(const BenchCase& bench, const DeviceTiming& timing, const DataSheet* sheet) {
  const double flops = bench.work.matrix_flops + bench.work.scalar_flops;
  JsonLine line("row");
  line.add("model", bench.model)
      .add("kernel", bench.work.name)
      .add("dtype", bench.bfloat16 ? "bfloat16" : "float32")
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

class Bench {
 public:
  explicit Bench(const Options& options)
      : options_(options), device_(device_properties()), sheet_(data_sheet_of_board(device_.name)) {
    describe(device_);
  }

  void kernels(const std::vector<BenchCase>& cases) {
    Stream stream;
    Products products;
    for (const BenchCase& bench : cases)
      one(bench.model, bench.work.name, [&] {
        const std::function<void()> work = bench.prepare(stream, products);
        const DeviceTiming timing = time_on_device(stream, options_.seconds, work);
        peaks_.take(bench, timing);
        print_row(bench, timing, sheet_);
      });
    JsonLine("peak")
        .add("bfloat16_flops", peaks_.flops[true])
        .add("float32_flops", peaks_.flops[false])
        .add("bytes_per_second", peaks_.bytes)
        .print();
  }

  void steps() {
    const double seconds = 20 * options_.seconds;
    one("packed trials", "step", [&] {
      const PackingResult packed = measure_packing(seconds);
      JsonLine("row")
          .add("model", std::to_string(kPackedTrials) + " x " + kPackedModel)
          .add("kernel", "step")
          .add("tokens_per_second_one_after_the_other", packed.alone)
          .add("tokens_per_second", packed.together)
          .add("ratio", packed.together / packed.alone)
          .add("ratio_asked", kPackingAsked)
          .add("began", packed.began)
          .add("ended", packed.ended)
          .print();
    });
    for (const StepCase& model : step_cases())
      one(model.name, "step", [&] { print_step(model, model.measure(seconds)); });
  }

 private:
  // Measures one row if its time has not come to an end; what cannot be done is said and the rest
  // goes on.
  void one(const std::string& model, const std::string& kernel,
           const std::function<void()>& measure) {
    const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - start_;
    if (spent.count() > options_.budget) {
      JsonLine("not done").add("model", model).add("kernel", kernel).print();
      return;
    }
    try {
      measure();
    } catch (const std::runtime_error& error) {
      JsonLine("failed")
          .add("model", model)
          .add("kernel", kernel)
          .add("reason", error.what())
          .print();
    }
  }

  // Utilisation of the data sheet's peak and of the fastest product measured, by both conventions
  // (model/cost/roofline.h).
  void print_step(const StepCase& model, const StepResult& result) {
    const double speed = result.tokens / result.timing.seconds;
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
        .add("planned_bytes", result.planned_bytes)
        .add("taken_bytes", result.taken_bytes);
    if (model.asked > 0) line.add("tokens_per_second_asked", model.asked);
    const auto shares = [&](const std::string& of, double peak) {
      const Utilisation share = utilisation(model.spec, speed, peak);
      line.add(("utilisation_6N_6LCT_of_" + of).c_str(), share.causal)
          .add(("utilisation_6N_12LTd_of_" + of).c_str(), share.full);
    };
    if (sheet_ != nullptr) {
      shares("data_sheet", sheet_->bfloat16_flops);
      double bound = 0;
      for (const KernelWork& work : model.kernels) bound += roofline(work, *sheet_).seconds();
      line.add("roofline_seconds", bound).add("of_roofline", bound / result.timing.seconds);
    }
    if (peaks_.flops[true] > 0) shares("measured_peak", peaks_.flops[true]);
    line.print();
  }

  const Options options_;
  const DeviceProperties device_;
  const DataSheet* sheet_;
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  Peaks peaks_;
};

void measure(const Options& options) {
  Bench bench(options);
  std::vector<BenchCase> cases = ceilings();
  const bool kernels = options.part == "kernels";
  if (kernels)
    for (BenchCase& one : kernel_cases()) cases.push_back(std::move(one));
  bench.kernels(cases);
  if (!kernels) bench.steps();
}

}  // namespace
}  // namespace isoloss

int main(int argc, char** argv) {
  using namespace isoloss;
  try {
    const Options options = options_of(argc, argv);
    if (device_count() == 0) {
      std::fprintf(stderr, "device_bench: no GPU (the driver is missing or reports no device)\n");
      return kNoDevice;
    }
    if (options.part == "describe")
      describe(device_properties());
    else
      measure(options);
  } catch (const InputError& error) {
    std::fprintf(stderr, "device_bench: %s\n", error.what());
    return 2;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "device_bench: %s\n", error.what());
    return 1;
  }
}
