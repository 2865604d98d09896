#include "model/cost/memory.h"

#include <algorithm>

#include "model/cost/optimizer_state.h"
#include "model/cost/quantities.h"
#include "model/cost/side_by_side.h"
#include "model/spec/parameters.h"
#include "model/spec/shard.h"

namespace isoloss {
namespace {

// Widths on one rank, and the bytes of what products read and write.
struct Widths {
  Widths(const ModelSpec& spec, const MemoryOptions& options)
      : d(real(spec.d_model)),
        query(real(attention_width(spec)) / options.tensor_ranks),
        projected((spec.shared_qk == SharedQk::No ? query : 0) +
                  2 * real(kv_width(spec)) / options.tensor_ranks),
        hidden(real(feed_forward_width(spec)) / options.tensor_ranks),
        before(spec.gated ? 2 * hidden : hidden),
        vocabulary(real(spec.vocabulary) / options.tensor_ranks),
        stored(options.bfloat16 ? 2 : kFloat) {}

  double d, query, projected, hidden, before, vocabulary, stored;
};

// Of one token and one layer: the norms' inputs and outputs and their two statistics, Q K V before
// and after the convolution, queries made of keys, unscaled probabilities (the half that the mask
// leaves, by blocks of 32), the heads' output, the hidden layer before and after its activation,
// and the residual stream after each branch.
double kept_by_layer(const ModelSpec& spec, const MemoryOptions& options, const Widths& w) {
  const double heads = real(head_count(spec)) / options.tensor_ranks;
  const double probabilities = heads * ((real(spec.sequence) + 32) / 2 + 1);
  const double attention = w.stored * (w.d + (spec.convolution_width > 0 ? 2 : 1) * w.projected +
                                       (spec.shared_qk != SharedQk::No ? 2 : 1) * w.query) +
                           kFloat * (probabilities + w.d + 2);
  const bool after = spec.norm_placement == NormPlacement::Primer;
  const double feed_forward =
      w.stored * (w.before + w.hidden + (after ? 0 : w.d)) + kFloat * ((after ? 2 : 1) * w.d + 2);
  return attention + feed_forward;
}

// Of one token: both ends of the model, and what every layer's backward pass works in by turns.
double kept_once(const ModelSpec& spec, const Widths& w) {
  constexpr double kIds = 2 * 8;
  const double ends = kIds + kFloat * (w.d + 2) + w.stored * (w.d + w.vocabulary) + kFloat * w.d;
  const double narrow = w.d + (w.query == w.d ? 0 : w.query) + w.query;
  const double wide = w.projected + w.hidden + (spec.convolution_width > 0 ? w.projected : 0) +
                      (spec.gated ? w.before : 0);
  return ends + w.stored * (narrow + wide) + (w.stored < kFloat ? w.stored * w.d : 0);
}

double largest_tensor(const ParameterTable& table) {
  double largest = 0;
  for (const Parameter& parameter : table.parameters) {
    double size = 1;
    for (const std::int64_t extent : whole_shape(parameter)) size *= real(extent);
    largest = std::max(largest, size);
  }
  return largest;
}

}  // namespace

MemoryBytes training_memory(const ModelSpec& spec, const MemoryOptions& options) {
  // The last rank has the most of what does not divide.
  const ParameterTable table =
      parameter_table(spec, Shard{options.tensor_ranks - 1, options.tensor_ranks});
  const Widths widths(spec, options);
  const double n = real(table.buffer_size);
  MemoryBytes bytes;
  bytes.weights = (kFloat + (options.bfloat16 ? 2 : 0)) * n;
  const auto rows = static_cast<std::int64_t>(options.batch_tokens) / spec.sequence;
  const std::int64_t parts =
      options.tensor_ranks > 1
          ? 1
          : parts_side_by_side(rows / options.micro_batches, options.threads, kFloat * n);
  bytes.gradients = kFloat * n * real(parts);
  bytes.optimizer = kFloat *
                    optimizer_values(table, options.optimizer_states, options.factored_from) /
                    options.optimizer_ranks;
  const double layer = kept_by_layer(spec, options, widths);
  const double layers = real(spec.layers);
  const double kept = options.recompute ? layers * kFloat * widths.d + layer : layers * layer;
  bytes.activations =
      options.batch_tokens / real(options.micro_batches) * (kept + kept_once(spec, widths));
  if (options.tensor_ranks * options.optimizer_ranks > 1)
    bytes.exchange = kFloat * (2 * std::min(n, kMessageElements) + largest_tensor(table));
  if (options.checkpoints) bytes.checkpoint = kFloat * n + bytes.optimizer;
  bytes.process = kProcessBytes;
  return bytes;
}

}  // namespace isoloss
