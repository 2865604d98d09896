#include "model/layers/decoding_state.h"

#include <torch/torch.h>

#include "model/layers/decoding_state_impl.h"

namespace isoloss {

DecodingState::DecodingState(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
DecodingState::~DecodingState() = default;
DecodingState::DecodingState(DecodingState&&) noexcept = default;
DecodingState& DecodingState::operator=(DecodingState&&) noexcept = default;

const std::vector<std::int64_t>& DecodingState::lengths() const { return impl_->lengths; }

DecodingState DecodingState::select(std::span<const std::int64_t> rows) const {
  const at::NoGradGuard no_gradients;
  auto selected = std::make_unique<Impl>();
  std::int64_t longest = 0;
  for (const std::int64_t row : rows) {
    selected->lengths.push_back(impl_->lengths[static_cast<std::size_t>(row)]);
    longest = std::max(longest, selected->lengths.back());
  }
  const at::Tensor index =
      at::tensor(std::vector<std::int64_t>(rows.begin(), rows.end()), at::kLong);
  const auto of_rows = [&](const at::Tensor& kept) {
    return kept.defined() ? kept.index_select(0, index) : kept;
  };
  // Room that no row uses stays behind.
  const auto of_tokens = [&](const at::Tensor& kept) {
    return kept.defined() ? kept.narrow(2, 0, longest).index_select(0, index) : kept;
  };
  for (const LayerState& layer : impl_->layers)
    selected->layers.push_back({of_tokens(layer.keys), of_tokens(layer.values),
                                of_rows(layer.query_inputs), of_rows(layer.key_inputs),
                                of_rows(layer.value_inputs), of_rows(layer.attention_input),
                                of_rows(layer.feed_forward_input)});
  return DecodingState(std::move(selected));
}

}  // namespace isoloss
