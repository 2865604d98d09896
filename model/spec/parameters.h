// The parameter table: from a spec, one list of every tensor in the order of the flat buffer.
// Counts, initial values, optimizer state, checkpoints and layers all read this list.
//
// Matrices are stored [out, in] (y = x W^T). Names, for layer i ("layers.i." before each):
//   embedding [vocabulary, d_model]
//   relative_bias [heads, buckets], or position_embedding [sequence, d_model] with learned
//   positions attention.norm.scale, .bias [d_model]; attention.norm_after.* too where norms stand
//   on both sides attention.query [heads d_head, d_model], attention.key, attention.value [kv_heads
//   d_head, d_model],
//     adjacent; with shared_qk: attention.key, attention.value adjacent, then
//     attention.query_from_key [heads d_head, heads d_head], or per head [heads, d_head, d_head]
//   with attention_bias: attention.query_bias, .key_bias, .value_bias adjacent, .output_bias
//   attention.query_convolution.0 .. width-1 (tap s multiplies the input s steps ago), then key_
//   and
//     value_convolution, all adjacent, each where convolution_on has it; a tap has the channels of
//     what it convolves: the projection's, d_model before the projection, d_head where heads share
//     it
//   attention.output [d_model, heads d_head]
//   attention.rezero [1] with rezero
//   feed_forward.norm.scale, .bias [d_model], feed_forward.norm_after.*, feed_forward.rezero
//   likewise feed_forward.in [hidden, d_model] (with a gate: feed_forward.gate first, adjacent),
//     feed_forward.in_bias [hidden] (gate_bias first, adjacent)
//   feed_forward.out [d_model, hidden], feed_forward.out_bias [d_model]
// and last final_norm.scale, final_norm.bias [d_model] (not with post-norm), and output
// [vocabulary, d_model] where it is not the embedding. RMS norms have no bias.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "model/spec/model_spec.h"

namespace isoloss {

enum class Initializer { Constant, Normal, TruncatedNormal };

struct Parameter {
  std::string name;
  std::vector<std::int64_t> shape;
  Initializer initializer = Initializer::Constant;
  double value = 0;      // the constant, or the standard deviation (before truncation at two of it)
  bool decays = false;   // weight decay applies (matrices only)
  int tensor_axis = -1;  // axis that tensor parallelism splits; -1: replicated
  bool adjacent = false;    // stored right after its predecessor, so that one product serves both
  std::int64_t offset = 0;  // first element in the flat buffer

  std::int64_t size() const;
};

struct ParameterTable {
  std::vector<Parameter> parameters;
  std::int64_t buffer_size = 0;  // elements, padding between tensors included
};

// Tensors start at multiples of 16 elements (64 bytes in float32) unless adjacent.
ParameterTable parameter_table(const ModelSpec& spec);

struct ParameterCounts {
  std::int64_t total = 0;
  std::int64_t embedding = 0;  // tokens and learned positions; a tied output layer counts once, and
                               // one of its own does not count here
  std::int64_t non_embedding = 0;
  std::int64_t activated = 0;  // all of them: no mixture of experts yet
};
ParameterCounts count_parameters(const ModelSpec& spec);

}  // namespace isoloss
