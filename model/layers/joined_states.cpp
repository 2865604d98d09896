#include "model/layers/joined_states.h"

#include <torch/torch.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "model/layers/decoding_state_impl.h"

namespace isoloss {
namespace {

using Part = at::Tensor LayerState::*;

// One layer's `part` of every state; undefined where the model keeps none.
std::vector<at::Tensor> parts_of(std::span<DecodingState> states, std::size_t layer, Part part) {
  std::vector<at::Tensor> parts;
  for (DecodingState& state : states)
    if (const at::Tensor& kept = state.impl().layers[layer].*part; kept.defined())
      parts.push_back(kept);
  return parts;
}

at::Tensor of_rows(const std::vector<at::Tensor>& parts) {
  return parts.empty() ? at::Tensor() : at::cat(parts, 0);
}

// Zeros behind rows whose state has less room.
at::Tensor of_tokens(const std::vector<at::Tensor>& parts, std::int64_t longest) {
  if (parts.empty()) return {};
  std::int64_t rows = 0;
  for (const at::Tensor& part : parts) rows += part.size(0);
  const at::Tensor& like = parts.front();
  at::Tensor all = at::zeros({rows, like.size(1), longest, like.size(3)}, like.options());
  std::int64_t row = 0;
  for (const at::Tensor& part : parts) {
    const std::int64_t room = std::min(longest, part.size(2));
    all.narrow(0, row, part.size(0)).narrow(2, 0, room).copy_(part.narrow(2, 0, room));
    row += part.size(0);
  }
  return all;
}

}  // namespace

DecodingState joined_states(std::span<DecodingState> states) {
  const at::NoGradGuard no_gradients;
  auto joined = std::make_unique<DecodingState::Impl>();
  for (const DecodingState& state : states)
    joined->lengths.insert(joined->lengths.end(), state.lengths().begin(), state.lengths().end());
  const std::int64_t longest = std::ranges::max(joined->lengths);
  joined->layers.resize(states.front().impl().layers.size());
  for (std::size_t i = 0; i < joined->layers.size(); ++i) {
    LayerState& layer = joined->layers[i];
    for (const Part part : {&LayerState::keys, &LayerState::values})
      layer.*part = of_tokens(parts_of(states, i, part), longest);
    for (const Part part :
         {&LayerState::query_inputs, &LayerState::key_inputs, &LayerState::value_inputs,
          &LayerState::attention_input, &LayerState::feed_forward_input})
      layer.*part = of_rows(parts_of(states, i, part));
  }
  return DecodingState(std::move(joined));
}

}  // namespace isoloss
