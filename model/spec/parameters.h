// The parameter table: from a spec, one list of every tensor in the order of the flat buffer.
// Counts, initial values, optimizer state, checkpoints and layers all read this list.
//
// Matrices are stored [out, in] (y = x W^T). Names, in order:
//   embedding [vocabulary, d_model]
//   relative_bias [heads, buckets], or with learned positions
//   position_embedding [sequence, d_model]
// then for layer i, "layers.i." before each:
//   attention.norm.scale, .bias [d_model]; attention.norm_after.* too where norms stand on both
//     sides
//   attention.query [heads d_head, d_model], attention.key, .value [kv_heads d_head, d_model],
//     adjacent; with shared_qk attention.key and .value adjacent, then attention.query_from_key
//     [heads d_head, heads d_head], or per head [heads, d_head, d_head]
//   attention.query_bias, .key_bias, .value_bias, adjacent, with attention_bias
//   attention.query_convolution.0 .. width-1 (tap s multiplies the input s steps ago), then
//     .key_convolution.* and .value_convolution.*, all adjacent, each where convolution_on has it;
//     a tap has the channels of what it convolves: the projection's, d_model before the
//     projection, d_head where heads share it
//   attention.output [d_model, heads d_head], attention.output_bias with attention_bias
//   attention.rezero [1] with rezero
//   feed_forward.norm.scale, .bias, feed_forward.norm_after.* as above
//   feed_forward.in [hidden, d_model] (with a gate: feed_forward.gate first, adjacent)
//   feed_forward.in_bias [hidden] (with a gate: feed_forward.gate_bias first, adjacent)
//   feed_forward.out [d_model, hidden], feed_forward.out_bias [d_model]
//   feed_forward.rezero [1]
// and last final_norm.scale, .bias [d_model] (not with post-norm), and output [vocabulary, d_model]
// where it is not the embedding. RMS norms have no bias.
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
  // Of a shard (shard.h): the tensor's extent along tensor_axis over all ranks (0: not split), and
  // this rank's first index of it.
  std::int64_t whole_extent = 0;
  std::int64_t first = 0;

  std::int64_t size() const;
};

struct ParameterTable {
  std::vector<Parameter> parameters;
  std::int64_t buffer_size = 0;  // elements, padding between tensors included
};

// Tensors start at multiples of 16 elements (64 bytes in float32) unless adjacent: the first at or
// after n.
std::int64_t aligned(std::int64_t n);

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
