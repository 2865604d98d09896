#include "harness/training/bfloat16_probe.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

#include "model/cost/work_list.h"
#include "model/kernels/cpu/product_seconds.h"
#include "model/layers/language_model.h"
#include "model/spec/tell.h"

namespace isoloss {
namespace {

constexpr double kProbeFlops = 5e8;       // of one pass over the distinct shapes
constexpr std::int64_t kFewestRows = 64;  // fewer say little of a step's
constexpr std::int64_t kWidest = 4096;    // the rate is the same beyond

std::vector<TimedProduct> probed_shapes(const ModelSpec& spec, std::int64_t rows) {
  std::map<std::pair<std::int64_t, std::int64_t>, double> by_width;  // times
  for (const Product& product : work_list(spec)) {
    if (product.part == "convolution" || product.part == "attention.logits" ||
        product.part == "attention.values")
      continue;
    const std::int64_t n = std::min(product.n, kWidest), k = std::min(product.k, kWidest);
    by_width[{n, k}] += static_cast<double>(product.times) * static_cast<double>(product.n) /
                        static_cast<double>(n) * static_cast<double>(product.k) /
                        static_cast<double>(k);
  }
  double flops_of_row = 0;
  for (const auto& [width, times] : by_width)
    flops_of_row += 2.0 * static_cast<double>(width.first) * static_cast<double>(width.second);
  const auto affordable = static_cast<std::int64_t>(kProbeFlops / flops_of_row);
  const std::int64_t m = std::min(rows, std::max(kFewestRows, affordable));
  std::vector<TimedProduct> shapes;
  for (const auto& [width, times] : by_width)
    shapes.push_back({m, width.first, width.second, times});
  return shapes;
}

}  // namespace

ProbedSeconds probe_products(const ModelSpec& spec, std::int64_t rows) {
  const std::vector<TimedProduct> shapes = probed_shapes(spec, rows);
  return {product_seconds(GemmType::Float32, shapes), product_seconds(GemmType::BFloat16, shapes)};
}

std::string bfloat16_warning(const ProbedSeconds& seconds) {
  if (seconds.bfloat16 <= seconds.float32) return "";
  return fmt::format(
      "run.dtype: bfloat16 is slower than float32 on this machine (the products of the largest run "
      "take {:.2f}x as long, measured); write float32 to train faster",
      seconds.bfloat16 / seconds.float32);
}

void warn_of_slow_bfloat16(const StudyPlan& plan) {
  const RunSpec* largest = nullptr;
  double most = 0;
  for (const PlannedRun& run : plan.runs) {
    if (run.spec.dtype != "bfloat16" || run.flops_per_step <= most) continue;
    largest = &run.spec;
    most = run.flops_per_step;
  }
  if (!largest) return;
  static std::once_flag measured;
  std::call_once(measured, [largest] {
    set_intra_op_threads(static_cast<int>(largest->threads));
    const std::int64_t rows = largest->optimizer.batch_tokens / largest->accumulate;
    const std::string warning = bfloat16_warning(probe_products(largest->model, rows));
    if (!warning.empty()) tell(warning);
  });
}

}  // namespace isoloss
