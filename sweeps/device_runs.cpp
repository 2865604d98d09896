#include "sweeps/device_runs.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "model/device/device_support.h"
#include "model/spec/error.h"
#include "model/spec/shard.h"
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

std::string no_kernel_for(const RunSpec& spec, int tensor_ranks) {
  if (spec.dtype == "float64")
    return "dtype: float64 has no kernel for GPUs (they train in float32 or bfloat16); train it on "
           "CPUs or give another value";
  try {
    check_device_support(spec.model);
    check_device_shards(spec.model, tensor_ranks);
    const bool factors = spec.optimizer.kind == OptimizerKind::Adafactor;
    const auto factored_from =
        factors ? std::optional(spec.optimizer.min_dim_factored) : std::nullopt;
    for (int rank = 0; rank < tensor_ranks; ++rank) {
      const std::string tensor =
          tensor_without_update(spec.model, factored_from, {rank, tensor_ranks});
      if (!tensor.empty())
        return fmt::format(
            "{}: {} has no kernel for GPUs (optimizers there read four values at a time, which "
            "{}{} "
            "is not made for); train it on CPUs or give a multiple of {}",
            spec.model.gated ? "d_ff_gated" : "d_ff", feed_forward_width(spec.model), tensor,
            tensor_ranks > 1 ? fmt::format(" of each of {} ranks", tensor_ranks) : "",
            4 * tensor_ranks);
    }
  } catch (const InputError& refusal) {
    return refusal.what();
  }
  return "";
}

std::string no_kernel_for(const RunSpec& spec) {
  return no_kernel_for(spec, std::max(static_cast<int>(spec.tensor_parallel), 1));
}

std::string missing_kernel(const StudyPlan& plan) {
  for (const PlannedRun& run : plan.runs)
    if (const std::string why = no_kernel_for(run.spec); !why.empty())
      return fmt::format("{} of size {}: {}", run.spec.model.architecture, run.spec.model.size,
                         why);
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
    run.spec.on_device = true;
  }
  return plan;
}

}  // namespace isoloss
