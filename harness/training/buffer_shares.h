// Flat buffers of which each rank has a part (model/spec/tensor_shares.h).
#pragma once
#include <span>

#include "model/parallel/communicator.h"
#include "model/spec/tensor_shares.h"

namespace isoloss {

// Each rank's share of the buffer, as it stands there, to all ranks.
template <typename Real>
void spread_shares(std::span<const ParameterTable> shares, std::span<Real> buffer,
                   Communicator& ranks);

}  // namespace isoloss
