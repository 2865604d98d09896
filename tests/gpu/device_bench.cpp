// device_bench: what a GPU reaches, a JSON object a line.
// clang-format off
//   device_bench describe                the device; exit status 77 where there is none
//   device_bench ceilings                a copy and products of squares: the most there is
//   device_bench kernels [--after ROWS]  how near kernels come to their rooflines, without the first
//   device_bench steps [--only NAME]     whole training steps and packed trials, or one of these
// clang-format on
// Options of each that measures: --budget S, no row begins later than that after the start (120)
// and what was left out is listed; --seconds S (0.25), a kernel takes about that, a model and the
// packed trials twenty times as long. A row says that it begins before it is measured. What fails
// is said and the rest goes on, unless the device is lost with it: exit status 3 then.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "model/spec/error.h"
#include "tests/gpu/bench_options.h"
#include "tests/gpu/bench_rows.h"
#include "tests/gpu/json_line.h"

namespace isoloss {
namespace {

constexpr int kNoDevice = 77, kDeviceLost = 3;

// After an illegal access, say, nothing goes in this process any more.
bool device_lost() {
  try {
    free_device_memory();
    return false;
  } catch (const WorkError&) {
    return true;
  }
}

class Bench {
 public:
  explicit Bench(const BenchOptions& options)
      : options_(options), device_(device_properties()), sheet_(data_sheet_of_board(device_.name)) {
    print_device(device_);
  }

  void kernels(const std::vector<BenchCase>& cases) {
    Stream stream;
    Products products;
    const int rows = static_cast<int>(cases.size());
    for (int row = options_.after; row < rows; ++row) {
      const BenchCase& bench = cases[static_cast<std::size_t>(row)];
      one(row, rows, bench.model, bench.work.name, [&] {
        const std::function<void()> work = bench.prepare(stream, products);
        print_kernel(bench, time_on_device(stream, options_.seconds, work), sheet_);
      });
    }
  }

  void steps() {
    const double seconds = 20 * options_.seconds;
    const std::vector<StepCase> cases = step_cases();
    const int rows = static_cast<int>(cases.size()) + 1;
    for (int row = 0; row < rows; ++row) {
      const bool packing = row + 1 == rows;
      const std::string name =
          packing ? kPackedTrialsName : cases[static_cast<std::size_t>(row)].name;
      if (!options_.only.empty() && options_.only != name) continue;
      one(row, rows, name, "step", [&] {
        if (packing) {
          const PackingResult packed = measure_packing(seconds);
          print_packing(packed);
          expect_finite(packed.taken);
        } else {
          const StepCase& model = cases[static_cast<std::size_t>(row)];
          const StepResult result = model.measure(seconds);
          print_step(model, result, sheet_);
          expect_finite(result.taken);
        }
      });
    }
  }

 private:
  static void expect_finite(const StepsTaken& taken) {
    if (!taken.finite)
      throw WorkError(
          "a loss or gradient norm was not finite (the row is of steps that trained "
          "nothing)");
  }

  void one(int row, int rows, const std::string& model, const std::string& kernel,
           const std::function<void()>& measure) {
    const auto line = [&](const char* kind) {
      return JsonLine(kind)
          .add("row", row)
          .add("of", rows)
          .add("model", model)
          .add("kernel", kernel);
    };
    const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - start_;
    if (spent.count() > options_.budget) {
      line("not done").print();
      return;
    }
    line("begins").print();
    try {
      measure();
    } catch (const std::runtime_error& error) {
      line("failed").add("reason", error.what()).print();
      if (device_lost()) std::_Exit(kDeviceLost);  // nor can its memory be given back
    }
  }

  const BenchOptions options_;
  const DeviceProperties device_;
  const DataSheet* sheet_;
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

void measure(const BenchOptions& options) {
  Bench bench(options);
  if (options.part == "ceilings") bench.kernels(ceilings());
  if (options.part == "kernels") bench.kernels(kernel_cases());
  if (options.part == "steps") bench.steps();
}

}  // namespace
}  // namespace isoloss

int main(int argc, char** argv) {
  using namespace isoloss;
  try {
    const BenchOptions options = bench_options(argc, argv);
    if (device_count() == 0) {
      std::fprintf(stderr, "device_bench: no GPU (the driver is missing or reports no device)\n");
      return kNoDevice;
    }
    if (options.part == "describe")
      print_device(device_properties());
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
