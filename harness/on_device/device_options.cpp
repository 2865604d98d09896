#include "harness/on_device/device_options.h"

namespace isoloss {
namespace {

decltype(DeviceTrainingOptions::optimizer) device_optimizer(const OptimizerSpec& spec) {
  if (spec.kind == OptimizerKind::AdamW)
    return device::AdamWSettings{spec.beta1, spec.beta2, spec.epsilon, spec.weight_decay};
  return DeviceAdafactor{
      {spec.adafactor_decay, spec.adafactor_clip, spec.adafactor_epsilon1, spec.adafactor_epsilon2},
      spec.min_dim_factored};
}

}  // namespace

DeviceModelOptions device_model_options(const RunSpec& spec, std::int64_t data_ranks) {
  const std::int64_t rows = spec.optimizer.batch_tokens / spec.model.sequence;
  return {spec.dtype == "bfloat16" ? DeviceNumbers::BFloat16 : DeviceNumbers::Float32,
          rows / data_ranks / spec.accumulate, spec.recompute};
}

DeviceTrainingOptions device_training_options(const RunSpec& spec) {
  return {.optimizer = device_optimizer(spec.optimizer),
          .clip_norm = spec.optimizer.clip_norm,
          .z_loss = spec.optimizer.z_loss,
          .micro_batches = spec.accumulate};
}

}  // namespace isoloss
