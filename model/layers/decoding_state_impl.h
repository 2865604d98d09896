// What a decoding state holds.
#pragma once
#include <cstdint>
#include <vector>

#include "model/layers/decoding_state.h"
#include "model/layers/layer_state.h"

namespace isoloss {

struct DecodingState::Impl {
  std::vector<std::int64_t> lengths;  // by row
  std::vector<LayerState> layers;
};

}  // namespace isoloss
