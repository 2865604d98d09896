// Reading on from a decoding state: LanguageModel's functions that take one.
#include <torch/torch.h>

#include <algorithm>
#include <string>

#include "model/layers/decoding_state_impl.h"
#include "model/layers/language_model_impl.h"
#include "model/layers/token_batch.h"
#include "model/spec/error.h"

namespace isoloss {
namespace {

std::int64_t longest_of(const TokenLists& tokens) {
  std::size_t longest = 0;
  for (const auto& row : tokens) longest = std::max(longest, row.size());
  return static_cast<std::int64_t>(longest);
}

// Rows of one length, id 0 behind the tokens of shorter ones.
std::vector<std::int32_t> padded(const TokenLists& tokens, std::int64_t length) {
  std::vector<std::int32_t> all(tokens.size() * static_cast<std::size_t>(length), 0);
  auto to = all.begin();
  for (const auto& row : tokens) {
    std::ranges::copy(row, to);
    to += length;
  }
  return all;
}

NewTokens new_tokens(const ModelSpec& spec, const DecodingState& state, const TokenLists& tokens,
                     std::int64_t length) {
  if (std::ssize(tokens) != state.rows())
    throw InputError("tokens of " + std::to_string(tokens.size()) + " rows (the state has " +
                     std::to_string(state.rows()) + "); give tokens, perhaps none, of each row");
  std::vector<std::int64_t> counts;
  for (std::size_t row = 0; row < tokens.size(); ++row) {
    counts.push_back(std::ssize(tokens[row]));
    if (const std::int64_t end = state.lengths()[row] + counts.back(); end > spec.sequence)
      throw InputError("a row of " + std::to_string(end) + " tokens (the model's sequence is " +
                       std::to_string(spec.sequence) + "); read less");
  }
  return {state.lengths(), counts, length};
}

}  // namespace

// Hidden states after the columns `wanted` of the padded tokens, [wanted, d_model].
at::Tensor LanguageModel::Impl::read(DecodingState& state, const TokenLists& tokens,
                                     const at::Tensor& wanted) const {
  const std::int64_t length = longest_of(tokens);
  const NewTokens fresh = new_tokens(spec, state, tokens, length);
  const at::Tensor inputs = token_rows(padded(tokens, length), length, spec.vocabulary);
  DecoderStep now = reading_step(inputs.size(0), inputs.size(1));
  if (spec.positions == Positions::Relative)
    now.fused.buckets = relative_buckets(spec, fresh.positions.max().item<std::int64_t>() + 1);
  now.tokens = &fresh;
  now.states = state.impl().layers;
  now.wanted = wanted;
  sides.front().workspace.begin_step();
  // A copy: what reads it begins another step in the same memory.
  const at::Tensor hidden = decoder(now, inputs).clone();
  for (std::size_t row = 0; row < tokens.size(); ++row)
    state.impl().lengths[row] += fresh.counts[row];
  return hidden;
}

// Calls work(first place, logits [places, vocabulary]) for a few places at a time.
template <typename Work>
void LanguageModel::Impl::for_each_read(DecodingState& state, const TokenLists& tokens,
                                        std::span<const TokenPlace> wanted,
                                        const Work& work) const {
  const at::NoGradGuard no_gradients;
  const std::int64_t length = longest_of(tokens);
  if (length == 0) return;
  std::vector<std::int64_t> columns;
  for (const TokenPlace& place : wanted) columns.push_back(place.row * length + place.place);
  const at::Tensor hidden = read(state, tokens, at::tensor(columns, at::kLong));
  const std::int64_t most =
      std::max<std::int64_t>(1, std::min(kTokensHeld, kLogitsHeld / spec.vocabulary));
  for (std::int64_t first = 0; first < hidden.size(0); first += most) {
    const at::Tensor part = hidden.narrow(0, first, std::min(most, hidden.size(0) - first));
    const DecoderStep now = reading_step(part.size(0), 1);
    sides.front().workspace.begin_step();
    work(first, decoder_logits(now, part));
  }
}

DecodingState LanguageModel::nothing_read(std::int64_t rows) const {
  impl_->buffers.round_weights();
  auto state = std::make_unique<DecodingState::Impl>();
  state->lengths.assign(static_cast<std::size_t>(rows), 0);
  state->layers.resize(static_cast<std::size_t>(impl_->spec.layers));
  return DecodingState(std::move(state));
}

std::vector<double> LanguageModel::read(DecodingState& state, const TokenLists& tokens,
                                        std::span<const TokenPlace> wanted) const {
  std::vector<double> all;
  all.reserve(wanted.size() * static_cast<std::size_t>(impl_->spec.vocabulary));
  impl_->for_each_read(state, tokens, wanted,
                       [&](std::int64_t, const at::Tensor& logits) { append_exact(logits, all); });
  return all;
}

LanguageModel::Predictions LanguageModel::read_predictions(
    DecodingState& state, const TokenLists& tokens, std::span<const TokenPlace> wanted,
    std::span<const std::int32_t> targets) const {
  const at::Tensor ids = targets.empty() ? at::empty({0, 1}, at::kLong)
                                         : token_rows(targets, 1, impl_->spec.vocabulary);
  Predictions result{std::vector<float>(targets.size()), std::vector<std::uint8_t>(targets.size())};
  impl_->for_each_read(state, tokens, wanted, [&](std::int64_t first, const at::Tensor& logits) {
    const auto place = static_cast<std::size_t>(first);
    impl_->predict(logits, ids.const_data_ptr<std::int64_t>() + first, &result.losses[place],
                   &result.greedy[place]);
  });
  return result;
}

}  // namespace isoloss
