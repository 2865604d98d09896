// Texts of unlike length from all ranks to all ranks.
#pragma once
#include <string>
#include <vector>

#include "model/parallel/communicator.h"

namespace isoloss {

// What each rank passes as `mine`, by rank, on every rank; collective.
std::vector<std::string> gather_bytes(Communicator& ranks, const std::string& mine);

}  // namespace isoloss
