// Rows that were read apart, as one state.
#pragma once
#include <span>

#include "model/layers/decoding_state.h"

namespace isoloss {

// The rows of the first state, then those of the next, and so on, as a state of its own. All have
// read something of one model; at least one state.
DecodingState joined_states(std::span<DecodingState> states);

}  // namespace isoloss
