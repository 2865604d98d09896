#include "model/device/device_support.h"

#include <algorithm>
#include <string>
#include <vector>

#include "model/kernels/cuda/attention.h"
#include "model/kernels/cuda/launch_sizes.h"
#include "model/spec/error.h"
#include "model/spec/parameters.h"

namespace isoloss {
namespace {

[[noreturn]] void refuse(const std::string& field, const std::string& why) {
  throw InputError(field + " has no kernel for GPUs (" + why +
                   "); train it on CPUs or give another value");
}

}  // namespace

void check_device_support(const ModelSpec& spec) {
  if (spec.d_model % 8 != 0)
    refuse("d_model: " + std::to_string(spec.d_model), "rows are read eight values at a time");
  if (spec.d_model > device::kWidestRow)
    refuse("d_model: " + std::to_string(spec.d_model),
           "rows of at most " + std::to_string(device::kWidestRow) + " values have one");
  if (spec.convolution_width > 0 && spec.convolution_place == ConvolutionPlace::BeforeProjection)
    refuse("convolution_place: before_projection", "convolutions run on projections alone");
  if (attention_has_kernel(spec, spec.sequence)) return;
  if (spec.d_head % 8 != 0 || spec.d_head > 128)
    refuse("d_head: " + std::to_string(spec.d_head), "multiples of 8 up to 128 have one");
  refuse("relative_max_distance: " + std::to_string(spec.relative_max_distance),
         "so many distances do not fit the bias kernel");
}

void check_device_shards(const ModelSpec& spec, int tensor_ranks) {
  if (tensor_ranks == 1) return;
  check_layout(spec, tensor_ranks);
  if (spec.convolution_width > 0 && spec.convolution_shared)
    throw InputError(
        "convolution_shared: true is not shared by ranks on GPUs (every rank's heads have the same "
        "filter); train it without tensor parallelism");
}

std::string tensor_without_update(const ModelSpec& spec, std::optional<std::int64_t> factored_from,
                                  const Shard& shard) {
  for (const Parameter& parameter : parameter_table(spec, shard).parameters) {
    const std::vector<std::int64_t> whole = whole_shape(parameter);
    const bool factored =
        factored_from && whole.size() == 2 && std::min(whole[0], whole[1]) >= *factored_from;
    if (!device::reads_by_fours(parameter.offset, factored, factored ? parameter.shape[1] : 0))
      return parameter.name;
  }
  return "";
}

}  // namespace isoloss
