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
                                             DeviceValues gradients, GradientStreams streams,
                                             std::vector<ElementRange> parts,
                                             std::size_t bucket_elements)
    : data_(data),
      order_(order),
      gradients_(gradients),
      streams_(streams),
      parts_(std::move(parts)) {
  if (data_.size() > 1) buckets_ = buckets_from_end(gradients.count, bucket_elements);
}

void DeviceGradientAverage::ready(std::int64_t offset) {
  const auto final_from = static_cast<std::size_t>(offset);
  if (next_ == buckets_.size() || buckets_[next_].first < final_from) return;
  order_.after(streams_.exchange, streams_.compute);
  while (next_ < buckets_.size() && buckets_[next_].first >= final_from)
    exchange(buckets_[next_++]);
}

void DeviceGradientAverage::finish() {
  if (buckets_.empty()) return;
  ready(0);
  order_.after(streams_.compute, streams_.exchange);
  next_ = 0;
}

void DeviceGradientAverage::exchange(ElementRange bucket) {
  const DeviceValues values = gradients_.part(bucket);
  if (parts_.empty()) {
    data_.all_reduce_mean(values, streams_.exchange);
  } else {
    data_.reduce_parts_mean(values, parts_in(bucket, parts_), streams_.exchange);
  }
}

}  // namespace isoloss
