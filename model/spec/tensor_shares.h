// Whole tensors shared out over ranks that hold the same model: whose optimizer state each has and
// whose update it makes (ZeRO-1: Rajbhandari et al. 2020, arXiv 1910.02054, section 5.1).
#pragma once
#include <vector>

#include "model/spec/parameters.h"

namespace isoloss {

// Tensors, in the table's order and at its offsets, to each of `ranks` ranks: cut where the
// elements before are nearest to equal parts. Some may be empty. Of shards (shard.h) the whole
// tensors' elements count, so that ranks with different shards share out the same way.
std::vector<ParameterTable> share_out(const ParameterTable& table, int ranks);

}  // namespace isoloss
