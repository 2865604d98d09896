#include "model/layers/layer_state.h"

#include <torch/torch.h>

#include <algorithm>
#include <functional>

namespace isoloss {
namespace {

bool all_alike(const std::vector<std::int64_t>& values) {
  return std::ranges::adjacent_find(values, std::not_equal_to<>()) == values.end();
}

at::Tensor as_tensor(const std::vector<std::int64_t>& values) {
  return at::tensor(values, at::kLong);
}

// Grows by half at least, so that reading token by token copies each only a few times.
void make_room(at::Tensor& kept, const at::Tensor& fresh, std::int64_t tokens) {
  const std::int64_t room = kept.defined() ? kept.size(2) : 0;
  if (tokens <= room) return;
  const std::int64_t wanted = room == 0 ? tokens : std::max(tokens, room + room / 2);
  at::Tensor grown =
      at::zeros({fresh.size(0), fresh.size(1), wanted, fresh.size(3)}, fresh.options());
  if (room > 0) grown.narrow(2, 0, room).copy_(kept);
  kept = grown;
}

}  // namespace

NewTokens::NewTokens(std::vector<std::int64_t> row_starts, std::vector<std::int64_t> row_counts,
                     std::int64_t length)
    : starts(std::move(row_starts)), counts(std::move(row_counts)) {
  const std::vector<std::int64_t> first =
      all_alike(starts) ? std::vector<std::int64_t>{starts.front()} : starts;
  positions = as_tensor(first).unsqueeze(1) + at::arange(length, at::kLong);
}

std::int64_t NewTokens::longest() const {
  std::int64_t longest = 0;
  for (std::size_t row = 0; row < starts.size(); ++row)
    longest = std::max(longest, starts[row] + counts[row]);
  return longest;
}

bool NewTokens::first() const {
  return std::ranges::all_of(starts, [](std::int64_t start) { return start == 0; });
}

at::Tensor positions_of(const PlainStep& step, std::int64_t length) {
  return step.tokens ? step.tokens->positions : at::arange(length, at::kLong);
}

at::Tensor after_earlier(const NewTokens& tokens, std::int64_t reach, const at::Tensor& x,
                         at::Tensor& earlier) {
  if (!earlier.defined()) {
    std::vector<std::int64_t> shape = x.sizes().vec();
    shape[1] = reach;
    earlier = at::zeros(shape, x.options());
  }
  const at::Tensor all = at::cat({earlier, x}, 1);
  // Behind a row's tokens comes padding, so each has its own last inputs.
  const at::Tensor last = as_tensor(tokens.counts).unsqueeze(1) + at::arange(reach, at::kLong);
  const at::Tensor row = at::arange(x.size(0), at::kLong).unsqueeze(1);
  earlier = all.index({row, last});
  return all;
}

at::Tensor with_kept(const NewTokens& tokens, const at::Tensor& fresh, at::Tensor& kept) {
  const std::int64_t longest = tokens.longest();
  make_room(kept, fresh, longest);
  const bool alike = all_alike(tokens.starts) && all_alike(tokens.counts);
  if (alike) {
    const std::int64_t count = tokens.counts.front();
    kept.narrow(2, tokens.starts.front(), count).copy_(fresh.narrow(2, 0, count));
    return kept.narrow(2, 0, longest);
  }
  for (std::size_t row = 0; row < tokens.starts.size(); ++row) {
    const std::int64_t count = tokens.counts[row];
    if (count == 0) continue;
    const auto r = static_cast<std::int64_t>(row);
    kept.select(0, r)
        .narrow(1, tokens.starts[row], count)
        .copy_(fresh.select(0, r).narrow(1, 0, count));
  }
  return kept.narrow(2, 0, longest);
}

}  // namespace isoloss
