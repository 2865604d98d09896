#include "model/device/tensor_ranks.h"

#include "model/device/device_stream.h"
#include "model/device/device_support.h"

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
  check_device_shards(spec, shard.ranks);
  return spec_of_shard(spec, shard);
}

device::VocabularyPart vocabulary_part(const ModelSpec& spec, const Shard& shard) {
  const std::int64_t first = first_of_shard(spec.vocabulary, shard);
  return {spec.vocabulary, first,
          first_of_shard(spec.vocabulary, {shard.rank + 1, shard.ranks}) - first};
}

}  // namespace isoloss
