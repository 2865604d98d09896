// What the leading rank finds, on every rank: clocks, files and requests to stop are its own.
#pragma once
#include <array>
#include <cstddef>

#include "model/parallel/communicator.h"

namespace isoloss {

// The first rank's `found`; collective.
inline bool agreed(bool found, Communicator& ranks) {
  std::array<std::byte, 1> byte = {static_cast<std::byte>(found)};
  ranks.broadcast(byte, 0);
  return byte[0] != std::byte{0};
}

}  // namespace isoloss
