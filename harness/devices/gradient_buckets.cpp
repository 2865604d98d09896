#include "harness/devices/gradient_buckets.h"

#include <algorithm>
#include <utility>

namespace isoloss {

std::vector<ElementRange> buckets_from_end(std::size_t elements, std::size_t most) {
  std::vector<ElementRange> buckets;
  for (std::size_t end = elements; end > 0;) {
    const std::size_t first = end > most ? end - most : 0;
    buckets.push_back({first, end - first});
    end = first;
  }
  return buckets;
}

std::vector<ElementRange> parts_in(ElementRange bucket, std::span<const ElementRange> parts) {
  std::vector<ElementRange> within;
  for (const ElementRange& part : parts) {
    const std::size_t first = std::max(part.first, bucket.first);
    const std::size_t end = std::min(part.first + part.count, bucket.first + bucket.count);
    within.push_back(first < end ? ElementRange{first - bucket.first, end - first}
                                 : ElementRange{});
  }
  return within;
}

DeviceGradientAverage::DeviceGradientAverage(DeviceCommunicator& data, StreamOrder& order,
                                             DeviceValues gradients, DeviceStream exchange,
                                             std::vector<ElementRange> parts,
                                             std::size_t bucket_elements)
    : data_(data),
      order_(order),
      gradients_(gradients),
      exchange_(exchange),
      parts_(std::move(parts)) {
  if (data_.size() > 1) buckets_ = buckets_from_end(gradients.count, bucket_elements);
}

void DeviceGradientAverage::ready(std::int64_t offset, DeviceStream compute) {
  const auto final_from = static_cast<std::size_t>(offset);
  if (next_ == buckets_.size() || buckets_[next_].first < final_from) return;
  order_.after(exchange_, compute);
  while (next_ < buckets_.size() && buckets_[next_].first >= final_from)
    exchange(buckets_[next_++]);
}

void DeviceGradientAverage::finish(DeviceStream compute, DeviceValues statistics) {
  if (buckets_.empty()) return;
  order_.after(exchange_, compute);
  while (next_ < buckets_.size()) exchange(buckets_[next_++]);
  if (statistics.count > 0) data_.all_reduce_mean(statistics, exchange_);
  order_.after(compute, exchange_);
  next_ = 0;
}

void DeviceGradientAverage::exchange(ElementRange bucket) {
  const DeviceValues values = gradients_.part(bucket);
  if (parts_.empty()) {
    data_.all_reduce_mean(values, exchange_);
  } else {
    data_.reduce_parts_mean(values, parts_in(bucket, parts_), exchange_);
  }
}

}  // namespace isoloss
