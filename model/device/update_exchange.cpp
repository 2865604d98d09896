#include "model/device/update_exchange.h"

#include <algorithm>
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

UpdateExchange::UpdateExchange(const DeviceModel& model, const SharedUpdate& shared,
                               std::int64_t min_dim_factored)
    : mine_(model.table()), elements_(model.table().buffer_size), tensor_(model.tensor()) {
  if (!shared.shares.empty()) share(shared, min_dim_factored);
  if (!this->shared() && tensor_.alone()) return;
  // Shards of a vocabulary are not all of one size, and sums over ranks are of equal counts.
  std::int64_t most = 0;
  for (int rank = 0; rank < tensor_.shard.ranks; ++rank)
    most = std::max(
        most, device::update_pieces(parameter_table(model.spec(), {rank, tensor_.shard.ranks}),
                                    min_dim_factored));
  squares_ = DeviceArray<float>(most);
}

void UpdateExchange::share(const SharedUpdate& shared, std::int64_t min_dim_factored) {
  const int ranks = shared.data == nullptr ? 0 : shared.data->size();
  if (std::ssize(shared.shares) != ranks)
    throw InputError("the update is shared out to " + std::to_string(shared.shares.size()) +
                     " ranks (the group has " + std::to_string(ranks) +
                     "); share it out over the ranks of the group");
  if (ranks == 1) return;
  data_ = shared.data;
  mine_ = shared.shares[static_cast<std::size_t>(data_->rank())];
  elements_of_ranks_ = ranges_of(shared.shares);
  std::size_t pieces = 0;
  for (const ParameterTable& of_rank : shared.shares) {
    const auto count = static_cast<std::size_t>(device::update_pieces(of_rank, min_dim_factored));
    pieces_of_ranks_.push_back({pieces, count});
    pieces += count;
  }
}

std::span<const float> UpdateExchange::squares(Stream& stream, std::span<const float> own) {
  if (squares_.size() == 0) return own;
  const auto size = static_cast<std::size_t>(squares_.size());
  const std::size_t first =
      shared() ? pieces_of_ranks_[static_cast<std::size_t>(data_->rank())].first : 0;
  stream.zero(squares_.data(), size * sizeof(float));
  if (!own.empty()) stream.copy(squares_.data() + first, own.data(), own.size_bytes());
  if (shared()) {
    const ElementRange& last = pieces_of_ranks_.back();
    data_->gather_parts({squares_.data(), last.first + last.count}, pieces_of_ranks_,
                        as_device_stream(stream));
  }
  tensor_.sum(stream, squares_.data(), squares_.size());
  return {squares_.data(), size};
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
