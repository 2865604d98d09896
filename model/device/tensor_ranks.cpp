#include "model/device/tensor_ranks.h"

#include "model/device/device_stream.h"
#include "model/spec/error.h"

namespace isoloss {

void TensorRanks::sum(Stream& stream, float* values, std::int64_t count) const {
  if (!alone())
    group->all_reduce_sum({values, static_cast<std::size_t>(count)}, as_device_stream(stream));
}
void TensorRanks::sum(Stream& stream, simt::Bf16* values, std::int64_t count) const {
  if (!alone())
    group->all_reduce_sum({values, static_cast<std::size_t>(count), DeviceElement::Bfloat16},
                          as_device_stream(stream));
}

ModelSpec part_of(const ModelSpec& spec, const Shard& shard) {
  if (shard.ranks == 1) return spec;
  check_layout(spec, shard.ranks);
  if (spec.convolution_width > 0 && spec.convolution_shared)
    throw InputError(
        "convolution_shared: true is not shared by ranks on GPUs (every rank's heads have the same "
        "filter); train it without tensor parallelism");
  ModelSpec part = spec;
  part.heads = head_count(spec) / shard.ranks;
  part.kv_heads = kv_head_count(spec) / shard.ranks;
  (spec.gated ? part.d_ff_gated : part.d_ff) = feed_forward_width(spec) / shard.ranks;
  part.vocabulary = vocabulary_part(spec, shard).count;
  return part;
}

device::VocabularyPart vocabulary_part(const ModelSpec& spec, const Shard& shard) {
  const std::int64_t first = first_of_shard(spec.vocabulary, shard);
  return {spec.vocabulary, first,
          first_of_shard(spec.vocabulary, {shard.rank + 1, shard.ranks}) - first};
}

}  // namespace isoloss
