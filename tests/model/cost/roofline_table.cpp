// roofline_table: what each kernel of a training step should take on an H100 and an H200 by its
// bytes and FLOPs at the data sheets' rates, and what follows for whole steps, as Markdown.
// Measures nothing and needs no GPU.
#include <cstdio>

#include "model/cost/roofline.h"
#include "tests/model/cost/reference_models.h"

namespace isoloss {
namespace {

struct Totals {
  double launches = 0, seconds = 0, by_memory = 0;
};

Totals totals(const std::vector<KernelWork>& step, const DataSheet& sheet) {
  Totals sum;
  for (const KernelWork& work : step) {
    const RooflineSeconds time = roofline(work, sheet);
    sum.launches += work.launches;
    sum.seconds += time.seconds();
    if (time.by_memory()) sum.by_memory += time.seconds();
  }
  return sum;
}

void print_kernels(const ReferenceModel& model) {
  const DataSheet &h100 = data_sheet("h100"), &h200 = data_sheet("h200");
  const std::vector<KernelWork> step = step_kernels(model.spec, model.shape);
  std::printf("\n%s, %lld tokens a part, %lld parts, bfloat16. Not measured.\n\n",
              model.name.c_str(),
              static_cast<long long>(model.shape.batch_tokens / model.shape.micro_batches),
              static_cast<long long>(model.shape.micro_batches));
  std::puts(
      "| kernel | launches | MB | GFLOP | H100, us | H200, us | bound by (H100, H200) | of the "
      "step "
      "(H100) |\n|---|---|---|---|---|---|---|---|");
  const double whole = totals(step, h100).seconds;
  for (const KernelWork& work : step) {
    const RooflineSeconds slower = roofline(work, h100), faster = roofline(work, h200);
    const auto bound = [](const RooflineSeconds& time) {
      return time.by_memory() ? "memory" : "FLOPs";
    };
    std::printf("| %s | %.0f | %.1f | %.1f | %.1f | %.1f | %s, %s | %.1f %% |\n", work.name.c_str(),
                work.launches, work.bytes / 1e6, (work.matrix_flops + work.scalar_flops) / 1e9,
                slower.seconds() / work.launches * 1e6, faster.seconds() / work.launches * 1e6,
                bound(slower), bound(faster), 100 * slower.seconds() / whole);
  }
}

void print_totals() {
  std::puts(
      "\n| model | device | launches a step | ms a step | of which bound by memory | us a launch | "
      "tokens/s at most | utilisation at that (6N+6LCT, 6N+12LTd) | asked | share of the roofline "
      "asked for |\n|---|---|---|---|---|---|---|---|---|---|");
  for (const ReferenceModel& model : reference_models())
    for (const char* device : {"h100", "h200"}) {
      const DataSheet& sheet = data_sheet(device);
      const Totals sum = totals(step_kernels(model.spec, model.shape), sheet);
      const double speed = static_cast<double>(model.shape.batch_tokens) / sum.seconds;
      const Utilisation share = utilisation(model.spec, speed, sheet.bfloat16_flops);
      std::printf("| %s | %s | %.0f | %.2f | %.0f %% | %.2f | %.0f | %.0f %%, %.0f %% |",
                  model.name.c_str(), device, sum.launches, sum.seconds * 1e3,
                  100 * sum.by_memory / sum.seconds, sum.seconds / sum.launches * 1e6, speed,
                  100 * share.causal, 100 * share.full);
      if (model.asked > 0)
        std::printf(" %.0f | %.0f %% |\n", model.asked, 100 * model.asked / speed);
      else
        std::puts(" | |");
    }
}

// Trials side by side move the bytes and do the FLOPs of the same trials one after the other: what
// they can gain is the time that one alone leaves between and beside its launches.
void print_packing() {
  const ReferenceModel model = reference_model(kPackedModel);
  std::puts(
      "\n| work | device | tokens/s of all at most | asked, over one after the other | where one "
      "alone trains at most | us a launch then, at least |\n|---|---|---|---|---|---|");
  for (const char* device : {"h100", "h200"}) {
    const Totals sum = totals(step_kernels(model.spec, model.shape), data_sheet(device));
    const double speed = static_cast<double>(model.shape.batch_tokens) / sum.seconds;
    std::printf("| %d trials of %s on one GPU | %s | %.0f | %.0fx | %.0f tokens/s | %.2f |\n",
                kPackedTrials, kPackedModel, device, speed, kPackingAsked, speed / kPackingAsked,
                kPackingAsked * sum.seconds / sum.launches * 1e6);
  }
}

}  // namespace
}  // namespace isoloss

int main() {
  std::puts("Data sheets:");
  for (const isoloss::DataSheet& sheet : isoloss::data_sheets())
    std::printf("- %s: %.1f TFLOP/s bfloat16 (dense), %.1f float32, %.2f TB/s, %.0f GB (%s)\n",
                sheet.device.c_str(), sheet.bfloat16_flops / 1e12, sheet.float32_flops / 1e12,
                sheet.memory_bytes_per_second / 1e12, sheet.memory_bytes / 1e9,
                sheet.source.c_str());
  isoloss::print_totals();
  isoloss::print_packing();
  for (const isoloss::ReferenceModel& model : isoloss::reference_models())
    isoloss::print_kernels(model);
}
