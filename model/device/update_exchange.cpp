#include "model/device/update_exchange.h"

#include <string>

#include "model/device/device_stream.h"
#include "model/kernels/cuda/elementwise.h"
#include "model/spec/error.h"

namespace isoloss {

std::vector<ElementRange> ranges_of(std::span<const ParameterTable> shares) {
  std::vector<ElementRange> ranges;
  for (const ParameterTable& share : shares) {
    if (share.parameters.empty()) {
      ranges.push_back({});
      continue;
    }
    const Parameter& last = share.parameters.back();
    const std::int64_t first = share.parameters.front().offset;
    ranges.push_back({static_cast<std::size_t>(first),
                      static_cast<std::size_t>(last.offset + last.size() - first)});
  }
  return ranges;
}

UpdateExchange::UpdateExchange(const ParameterTable& table, const SharedUpdate& shared,
                               std::int64_t min_dim_factored)
    : mine_(table), elements_(table.buffer_size) {
  if (shared.shares.empty()) return;
  if (shared.data == nullptr || std::ssize(shared.shares) != shared.data->size())
    throw InputError("the update is shared out to " + std::to_string(shared.shares.size()) +
                     " ranks (the group has " +
                     std::to_string(shared.data == nullptr ? 0 : shared.data->size()) +
                     "); share it out over the ranks of the group");
  if (shared.data->size() == 1) return;
  data_ = shared.data;
  mine_ = shared.shares[static_cast<std::size_t>(data_->rank())];
  elements_of_ranks_ = ranges_of(shared.shares);
  std::size_t pieces = 0;
  for (const ParameterTable& share : shared.shares) {
    const auto count = static_cast<std::size_t>(device::update_pieces(share, min_dim_factored));
    pieces_of_ranks_.push_back({pieces, count});
    pieces += count;
  }
  squares_ = DeviceArray<float>(static_cast<std::int64_t>(pieces));
}

std::span<const float> UpdateExchange::squares(Stream& stream, std::span<const float> own) {
  if (!shared()) return own;
  const auto all = static_cast<std::size_t>(squares_.size());
  const ElementRange& place = pieces_of_ranks_[static_cast<std::size_t>(data_->rank())];
  if (!own.empty()) stream.copy(squares_.data() + place.first, own.data(), own.size_bytes());
  data_->gather_parts({squares_.data(), all}, pieces_of_ranks_, as_device_stream(stream));
  return {squares_.data(), all};
}

void UpdateExchange::hand_out(Stream& stream, const DeviceModel::Buffers& weights) {
  if (!shared()) return;
  data_->gather_parts({weights.weights, static_cast<std::size_t>(elements_)}, elements_of_ranks_,
                      as_device_stream(stream));
  if (weights.rounded != nullptr)
    device::convert(stream, elements_, static_cast<const float*>(weights.weights), weights.rounded);
}

std::int64_t UpdateExchange::bytes() const {
  return squares_.size() * static_cast<std::int64_t>(sizeof(float));
}

}  // namespace isoloss
