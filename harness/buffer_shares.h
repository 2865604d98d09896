// Flat buffers of which each rank has a part: whole tensors shared out over data ranks (ZeRO-1:
// Rajbhandari et al. 2020, arXiv 1910.02054, section 5.1).
#pragma once
#include <span>
#include <vector>

#include "model/parallel/communicator.h"
#include "model/spec/parameters.h"

namespace isoloss {

// Whole tensors, in the table's order and at its offsets, to each of `ranks` ranks: cut where the
// elements before are nearest to equal parts. Some may be empty. Of shards the whole tensors'
// elements count, so that ranks with different shards share out the same way.
std::vector<ParameterTable> share_out(const ParameterTable& table, int ranks);

// Each rank's share of the buffer, as it stands there, to all ranks.
template <typename Real>
void spread_shares(std::span<const ParameterTable> shares, std::span<Real> buffer,
                   Communicator& ranks);

}  // namespace isoloss
