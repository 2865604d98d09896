#include "harness/buffer_shares.h"

#include <cstddef>
#include <cstdint>

#include "model/spec/shard.h"

namespace isoloss {

std::vector<ParameterTable> share_out(const ParameterTable& table, int ranks) {
  std::vector<ParameterTable> shares(static_cast<std::size_t>(ranks));
  for (ParameterTable& share : shares) share.buffer_size = table.buffer_size;
  std::int64_t total = 0, before = 0;
  for (const Parameter& p : table.parameters) total += p.size();
  for (const Parameter& p : table.parameters) {
    // The rank in whose equal part of the elements the tensor's middle lies.
    const std::int64_t middle = 2 * before + p.size();
    shares[static_cast<std::size_t>(middle * ranks / (2 * total))].parameters.push_back(p);
    before += p.size();
  }
  return shares;
}

template <typename Real>
void spread_shares(std::span<const ParameterTable> shares, std::span<Real> buffer,
                   Communicator& ranks) {
  for (int rank = 0; rank < ranks.size(); ++rank) {
    const auto& tensors = shares[static_cast<std::size_t>(rank)].parameters;
    if (tensors.empty()) continue;
    const std::int64_t first = tensors.front().offset;
    const std::int64_t count = tensors.back().offset + tensors.back().size() - first;
    const auto range =
        buffer.subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(count));
    ranks.broadcast(std::as_writable_bytes(range), rank);
  }
}

template <typename Real>
std::vector<Real> gather_parts(std::span<const ParameterTable> parts, std::span<const Real> mine,
                               const ParameterTable& whole, Communicator& ranks) {
  std::vector<Real> result(static_cast<std::size_t>(whole.buffer_size), Real{0});
  for (int rank = 0; rank < ranks.size(); ++rank) {
    const ParameterTable& part = parts[static_cast<std::size_t>(rank)];
    std::vector<Real> values(static_cast<std::size_t>(part.buffer_size));
    if (rank == ranks.rank()) values.assign(mine.begin(), mine.end());
    ranks.broadcast(std::as_writable_bytes(std::span(values)), rank);
    copy_from_shard<Real>(part, values, whole, result);
  }
  return result;
}

template void spread_shares(std::span<const ParameterTable>, std::span<float>, Communicator&);
template void spread_shares(std::span<const ParameterTable>, std::span<double>, Communicator&);
template std::vector<float> gather_parts(std::span<const ParameterTable>, std::span<const float>,
                                         const ParameterTable&, Communicator&);
template std::vector<double> gather_parts(std::span<const ParameterTable>, std::span<const double>,
                                          const ParameterTable&, Communicator&);

}  // namespace isoloss
