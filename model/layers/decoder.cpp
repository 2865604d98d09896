#include "model/layers/decoder.h"

#include <torch/torch.h>

#include "model/kernels/cpu/graph_nodes.h"
#include "model/layers/attention.h"
#include "model/layers/backward_seams.h"
#include "model/layers/sublayers.h"
#include "model/parallel/tensor_parallel.h"

namespace isoloss {
namespace {

bool may_fuse(const DecoderStep& step) { return step.options.kernels == Kernels::Fused; }

PlainStep plain(const DecoderStep& step) {
  return {step.spec, step.options.precision, step.fused.buckets, step.fused.tensor_ranks,
          step.tokens};
}

PlainStep plain_at(const DecoderStep& step, std::size_t layer) {
  PlainStep made = plain(step);
  if (step.tokens) made.state = &step.states[layer];
  return made;
}

at::Tensor by_rows(const at::Tensor& x) { return x.flatten(0, 1); }
at::Tensor by_sequences(const DecoderStep& step, const at::Tensor& x) {
  return x.view({step.fused.batch, step.fused.length, -1});
}

enum class Branch { Attention, FeedForward };

// x + F(x) with norms, shift and scales where the spec has them: the frame that both sub-layers
// stand in.
template <typename Weights, typename Function>
at::Tensor residual(const DecoderStep& step, std::size_t layer, Branch branch,
                    const Weights& weights, const at::Tensor& stream, const Function& function) {
  const ModelSpec& spec = step.spec;
  const PlainStep here = plain_at(step, layer);
  const NormPlacement placement = spec.norm_placement;
  const bool primer_before = branch == Branch::Attention;
  const at::Tensor x = by_sequences(step, stream);

  at::Tensor y = x;
  if (placement == NormPlacement::Pre || placement == NormPlacement::Both ||
      (placement == NormPlacement::Primer && primer_before))
    y = norm(spec, weights.norm, y);
  if (spec.token_shift)
    y = looking_back(here,
                     branch == Branch::Attention ? &LayerState::attention_input
                                                 : &LayerState::feed_forward_input,
                     1, y, token_shifted);
  y = function(here, y);
  if (placement == NormPlacement::Both) y = norm(spec, weights.norm_after, y);
  if (placement == NormPlacement::Primer && !primer_before) y = norm(spec, weights.norm, y);
  if (spec.rezero) y = y * weights.rezero.value;
  if (spec.branch_scale != 1) y = y * spec.branch_scale;
  y = x + y;
  if (placement == NormPlacement::Post) y = norm(spec, weights.norm, y);
  return by_rows(y);
}

// The fused block reads rows from their beginning.
at::Tensor attention_sublayer(const DecoderStep& step, std::size_t layer, const Weight& bias,
                              const at::Tensor& x) {
  const AttentionWeights& weights = step.weights.layers[layer].attention;
  const bool from_beginning = !step.tokens || step.tokens->first();
  if (may_fuse(step) && from_beginning && attention_is_fused(step.spec)) {
    const std::shared_ptr<AttentionPass> pass = attention_pass(step.fused, weights, bias);
    const at::Tensor y = sub_layer_node(pass, x);
    if (step.tokens) keep_parts(plain_at(step, layer), pass->parts());
    return y;
  }
  return residual(step, layer, Branch::Attention, weights, x,
                  [&](const PlainStep& here, const at::Tensor& y) {
                    return attention(here, weights, bias, y);
                  });
}

at::Tensor feed_forward_sublayer(const DecoderStep& step, std::size_t layer, const at::Tensor& x) {
  const FeedForwardWeights& weights = step.weights.layers[layer].feed_forward;
  if (may_fuse(step) && feed_forward_is_fused(step.spec))
    return sub_layer_node(feed_forward_pass(step.fused, weights), x);
  return residual(
      step, layer, Branch::FeedForward, weights, x,
      [&](const PlainStep& here, const at::Tensor& y) { return feed_forward(here, weights, y); });
}

at::Tensor embed(const DecoderStep& step, const at::Tensor& inputs) {
  static const Weight nothing;
  const Weight& embedding = step.weights.embedding;
  const Weight& positions = step.weights.position_embedding;
  if (!may_fuse(step))
    return by_rows(
        with_positions(plain(step), positions, embedded(plain(step), embedding, inputs)));
  // Rows that are read on stand at places of their own.
  const bool at_once = positions.value.defined() && !step.tokens;
  const at::Tensor x =
      embedding_node(embedding_pass(step.fused, embedding, at_once ? positions : nothing),
                     embedding, inputs.flatten());
  return at_once ? x : by_rows(with_positions(plain(step), positions, by_sequences(step, x)));
}

// Outputs of all layers first, then room for one layer that each uses in its turn.
std::vector<LayerMemory> layer_memory(const DecoderStep& step) {
  Workspace& workspace = step.fused.workspace;
  std::vector<LayerMemory> memory;
  for (std::size_t i = 0; i < step.weights.layers.size(); ++i)
    memory.push_back({workspace, workspace.keep({step.fused.rows(), step.spec.d_model}), 0});
  for (LayerMemory& layer : memory) layer.own = workspace.mark();
  return memory;
}

at::Tensor plain_logits(const DecoderStep& step, const at::Tensor& stream) {
  at::Tensor x = by_sequences(step, stream);
  if (step.spec.norm_placement != NormPlacement::Post)
    x = norm(step.spec, step.weights.final_norm, x);
  return output_logits(plain(step), step.weights.output, x);
}

// The last layer where only some rows are wanted: what they attend to is the others' business, what
// comes after attention each row's own, unless it looks back.
at::Tensor last_layer_of_wanted(const DecoderStep& step, const Weight& bias, const at::Tensor& x) {
  const std::size_t last = step.weights.layers.size() - 1;
  const at::Tensor y = attention_sublayer(step, last, bias, x);
  if (step.spec.token_shift)
    return feed_forward_sublayer(step, last, y).index_select(0, step.wanted);
  const at::Tensor rows = y.index_select(0, step.wanted);
  if (rows.size(0) == 0) return rows;
  DecoderStep alone = step;
  alone.fused.batch = rows.size(0);
  alone.fused.length = 1;
  alone.tokens = nullptr;
  return feed_forward_sublayer(alone, last, rows);
}

}  // namespace

at::Tensor decoder(const DecoderStep& step, const at::Tensor& inputs) {
  at::Tensor x = embed(step, inputs);
  const bool recomputes = step.options.recompute && at::GradMode::is_enabled();
  const std::vector<LayerMemory> memory =
      recomputes ? layer_memory(step) : std::vector<LayerMemory>();
  const auto mark = [&](std::size_t layer) {
    if (step.layer_ready) x = when_backward_reaches(x, [&step, layer] { step.layer_ready(layer); });
  };
  const std::size_t layers = step.weights.layers.size();
  for (std::size_t i = 0; i < layers; ++i) {
    mark(i);
    if (i + 1 == layers && step.wanted.defined())
      return last_layer_of_wanted(step, step.weights.relative_bias, x);
    const LayerFunction layer = [&step, i](const at::Tensor& below, const Weight& bias) {
      return feed_forward_sublayer(step, i, attention_sublayer(step, i, bias, below));
    };
    const Weight& bias = step.weights.relative_bias;
    x = recomputes ? recomputed(layer, x, bias, memory[i]) : layer(x, bias);
  }
  mark(layers);
  return x;
}

Loss decoder_loss(const DecoderStep& step, const at::Tensor& x, const at::Tensor& targets,
                  double z_loss) {
  const DecoderWeights& weights = step.weights;
  if (may_fuse(step) && output_is_fused(step.spec)) {
    const at::Tensor cross_entropy = loss_node(
        output_pass(step.fused, weights.final_norm, weights.output), x, targets.flatten(), z_loss);
    return {cross_entropy, cross_entropy};
  }
  return loss(plain(step), plain_logits(step, x), targets, z_loss);
}

at::Tensor decoder_logits(const DecoderStep& step, const at::Tensor& x) {
  const DecoderWeights& weights = step.weights;
  const at::Tensor own =
      may_fuse(step) && output_is_fused(step.spec)
          ? output_pass(step.fused, weights.final_norm, weights.output)->logits(x)
          : by_rows(plain_logits(step, x));
  return gather_over_ranks(own, step.spec.vocabulary, step.options.tensor_ranks).contiguous();
}

}  // namespace isoloss
