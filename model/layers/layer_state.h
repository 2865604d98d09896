// What a layer keeps of the tokens that rows have read, so that they can go on reading: keys and
// values as queries meet them, and the last inputs of whatever looks back a fixed number of steps.
// Of a convolution that is what it reads, not what it gives (docs/models.md).
#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "model/layers/sublayers.h"

namespace isoloss {

// Tensors are undefined until something is read. Elements beyond a row's length hold finite values
// that nobody looks at.
struct LayerState {
  at::Tensor keys, values;  // [rows, kv heads, room, d_head]; room is at least the longest row
  at::Tensor query_inputs, key_inputs, value_inputs;  // of the convolutions, [rows, taps - 1, ...]
  at::Tensor attention_input, feed_forward_input;     // of token shift, [rows, 1, d_model]
};

// The tokens of a step whose rows have read others before: of `length` columns, row r has counts[r]
// tokens, after starts[r] earlier ones. The other columns are padding.
struct NewTokens {
  std::vector<std::int64_t> starts, counts;
  at::Tensor positions;  // int64 [rows, length], [1, length] where all rows start alike

  NewTokens(std::vector<std::int64_t> starts, std::vector<std::int64_t> counts,
            std::int64_t length);
  std::int64_t longest() const;  // tokens of the longest row, these included
  bool first() const;            // no row has read anything
};

// Positions of a step's columns: int64 [length], or as in NewTokens.
at::Tensor positions_of(const PlainStep& step, std::int64_t length);

// x [batch, length, ...] after the `reach` inputs before it, zeros before the sequence; `earlier`
// keeps the last of both for the step that follows.
at::Tensor after_earlier(const NewTokens& tokens, std::int64_t reach, const at::Tensor& x,
                         at::Tensor& earlier);

// Puts fresh [rows, heads, length, d_head] behind what each row has in `kept` and returns all, up
// to the longest row.
at::Tensor with_kept(const NewTokens& tokens, const at::Tensor& fresh, at::Tensor& kept);

// function(x), of the length of x, where function looks back `reach` steps.
template <typename Function>
at::Tensor looking_back(const PlainStep& step, at::Tensor LayerState::*earlier, std::int64_t reach,
                        const at::Tensor& x, const Function& function) {
  if (!step.tokens || reach == 0) return function(x);
  const at::Tensor all = after_earlier(*step.tokens, reach, x, step.state->*earlier);
  return function(all).narrow(1, reach, x.size(1));
}

}  // namespace isoloss
