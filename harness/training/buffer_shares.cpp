#include "harness/training/buffer_shares.h"

#include <cstddef>
#include <cstdint>

namespace isoloss {

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

template void spread_shares(std::span<const ParameterTable>, std::span<float>, Communicator&);
template void spread_shares(std::span<const ParameterTable>, std::span<double>, Communicator&);

}  // namespace isoloss
