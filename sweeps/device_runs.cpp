#include "sweeps/device_runs.h"

#include <fmt/format.h>

#include <optional>

#include "model/device/device_support.h"
#include "model/spec/error.h"
#include "model/yaml/yaml_view.h"

namespace isoloss {
namespace {

// The line of a key of the section `run`; of `device` where that key is not given.
int line_of(const Study& study, const std::string& key) {
  for (const char* name : {key.c_str(), "device"})
    if (const auto given = study.lines.find(std::string("run.") + name); given != study.lines.end())
      return given->second;
  return 0;
}

}  // namespace

std::string no_kernel_for(const RunSpec& spec) {
  if (spec.dtype == "float64")
    return "dtype: float64 has no kernel for GPUs (they train in float32 or bfloat16); train it on "
           "CPUs or give another value";
  if (spec.tensor_parallel > 1)
    return fmt::format(
        "tensor_parallel: {} has no kernel for GPUs (each holds whole models); train it on CPUs or "
        "give 1 and set data_parallel",
        spec.tensor_parallel);
  try {
    check_device_support(spec.model);
    const bool factors = spec.optimizer.kind == OptimizerKind::Adafactor;
    const std::string tensor = tensor_without_update(
        spec.model, factors ? std::optional(spec.optimizer.min_dim_factored) : std::nullopt);
    if (!tensor.empty())
      return fmt::format(
          "{}: {} has no kernel for GPUs (optimizers there read four values at a time, which {} is "
          "not made for); train it on CPUs or give a multiple of 4",
          spec.model.gated ? "d_ff_gated" : "d_ff", feed_forward_width(spec.model), tensor);
  } catch (const InputError& refusal) {
    return refusal.what();
  }
  return "";
}

StudyPlan plan_on_devices(const Study& study, StudyPlan plan) {
  for (PlannedRun& run : plan.runs) {
    const std::string why = no_kernel_for(run.spec);
    if (!why.empty()) {
      const std::string field = why.substr(0, why.find(':'));
      fail_at(study.file.string(), line_of(study, field), "run.device",
              fmt::format("cuda for {} of size {}: {}", run.spec.model.architecture,
                          run.spec.model.size, why));
    }
    run.spec.tensor_parallel = 1;
    run.spec.on_device = true;
  }
  return plan;
}

}  // namespace isoloss
