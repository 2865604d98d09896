#include "model/device/device_decoder.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "model/device/device_stream.h"

namespace isoloss {
namespace {

// Logits are held for a chunk of rows at a time: enough for the matrix units, little beside what
// the layers keep.
constexpr std::int64_t kLogitsBytes = std::int64_t{1} << 30;

template <typename Logit>
std::int64_t rows_of_chunk(std::int64_t tokens, std::int64_t stride) {
  const std::int64_t row = stride * static_cast<std::int64_t>(sizeof(Logit));
  return std::clamp<std::int64_t>(kLogitsBytes / row, 1, tokens);
}

template <typename Value>
DeviceArray<Value> on_device(const std::vector<Value>& values) {
  return to_device<Value>(std::span<const Value>(values));
}

}  // namespace

DeviceTables::DeviceTables(const ModelSpec& spec, std::int64_t length) {
  if (spec.positions == Positions::Relative) buckets = distance_buckets(spec, length);
  if (spec.positions == Positions::Rotary)
    rotary = on_device(device::rotary_table(length, spec.d_head, spec.rotary_base));
  if (spec.positions == Positions::Sinusoidal)
    timing = on_device(device::timing_table(length, spec.d_model));
}

template <typename T>
DeviceDecoder<T>::DeviceDecoder(const ModelSpec& spec, const DeviceRows& rows,
                                const DeviceTensors<T>& tensors, const TensorRanks& tensor,
                                const device::VocabularyPart& vocabulary,
                                const DeviceTables* tables, bool recomputes, MemoryLayout& layout)
    : embedding_(tensors["embedding"]),
      positions_(tensors["position_embedding"]),
      output_(tensors[spec.tied ? "embedding" : "output"]),
      output_factor_(
          spec.tied && spec.output_scale ? 1 / std::sqrt(static_cast<float>(spec.d_model)) : 1),
      vocabulary_(vocabulary),
      recomputes_(recomputes),
      embedded_(layout.take<float>("stream", rows.tokens() * spec.d_model)),
      temporaries_(spec, rows, layout),
      top_(spec, rows, tensors, spec.norm_placement == NormPlacement::Post ? "" : "final_norm",
           !norms_the_sum(spec), nullptr, temporaries_.norm, layout) {
  const std::int64_t tokens = rows.tokens(), size = tokens * spec.d_model;
  tables_.relative_bias = tensors["relative_bias"];
  if (spec.positions == Positions::Relative)
    tables_.bias_by_distance =
        layout.take<float>("bias by distance", head_count(spec) * bias_row(rows.length));
  if (tables != nullptr) {
    if (spec.positions == Positions::Relative) tables_.buckets = &tables->buckets;
    tables_.rotary = tables->rotary.data();
    timing_ = tables->timing.data();
  }
  add_layers(spec, rows, tensors, tensor, layout);
  d_read_ = layout.take<T>("gradient of what the output reads", size);
  gradient_ = {layout.take<float>("gradient of the stream", size), nullptr};
  if (norms_the_sum(spec)) gradient_.other = layout.take<float>("gradient of the stream", size);
  // The same on every rank: chunks of rows follow from it.
  const std::int64_t most_ids = (vocabulary.whole + tensor.shard.ranks - 1) / tensor.shard.ranks;
  logits_stride_ = (most_ids + 7) / 8 * 8;
  const std::int64_t logits = std::max(
      rows_of_chunk<T>(tokens, logits_stride_) * static_cast<std::int64_t>(sizeof(T)),
      rows_of_chunk<float>(tokens, logits_stride_) * static_cast<std::int64_t>(sizeof(float)));
  logits_ = layout.take<std::byte>("logits", logits * logits_stride_);
  if (!tensor.alone())
    row_parts_ = layout.take<float>(
        "row parts", 2 * tensor.shard.ranks * rows_of_chunk<T>(tokens, logits_stride_));
  embedding_sums_ = layout.take<float>(
      "embedding sums", device::embedding_scratch({rows.sequences, rows.length, spec.d_model}));
}

template <typename T>
void DeviceDecoder<T>::add_layers(const ModelSpec& spec, const DeviceRows& rows,
                                  const DeviceTensors<T>& tensors, const TensorRanks& tensor,
                                  MemoryLayout& layout) {
  std::optional<AttentionTemporaries<T>> attention;
  std::optional<FeedForwardTemporaries<T>> feed_forward;
  layout.overlaid("gradients of a sub-layer",
                  {[&] { attention.emplace(spec, rows, tensor, layout); },
                   [&] { feed_forward.emplace(spec, rows, layout); }});
  const auto layers = static_cast<std::size_t>(spec.layers);
  const auto add = [&](std::size_t i, const KeptOfLayer<T>& kept) {
    const std::string prefix = "layers." + std::to_string(i) + ".";
    const std::string of_attention = prefix + "attention.", of_rest = prefix + "feed_forward.";
    layers_.push_back({{spec,
                        rows,
                        tensors,
                        SubLayerKind::Attention,
                        of_attention,
                        i == 0,
                        AttentionBranch<T>(spec, rows, tensors, of_attention, tensor, tables_,
                                           *attention, layout),
                        temporaries_,
                        {.below = kept.below},
                        layout},
                       {spec,
                        rows,
                        tensors,
                        SubLayerKind::FeedForward,
                        of_rest,
                        false,
                        FeedForwardBranch<T>(spec, rows, tensors, of_rest, *feed_forward, layout),
                        temporaries_,
                        {.above = kept.above, .branch = kept.branch},
                        layout}});
  };
  if (!recomputes_) {
    for (std::size_t i = 0; i < layers; ++i) add(i, {});
    return;
  }
  const std::int64_t size = rows.tokens() * spec.d_model;
  std::vector<KeptOfLayer<T>> kept(layers);
  for (std::size_t i = 1; i < layers; ++i) {
    float* const between = layout.take<float>("stream", size);
    (norms_the_sum(spec) ? kept[i - 1].above : kept[i].below) = between;
  }
  if (spec.rezero)
    for (KeptOfLayer<T>& of_layer : kept) of_layer.branch = layout.take<T>("branches", size);
  layout.in_turn(layers, [&](std::size_t i) { add(i, kept[i]); });
}

template <typename T>
template <typename Logit, typename Work>
void DeviceDecoder<T>::for_each_chunk(const DeviceStep& step, const Work& work) const {
  const std::int64_t tokens = step.rows.tokens();
  const std::int64_t most = rows_of_chunk<Logit>(tokens, logits_stride_);
  for (std::int64_t first = 0; first < tokens; first += most)
    work(first, std::min(most, tokens - first), reinterpret_cast<Logit*>(logits_));
}

template <typename T>
ProductShape DeviceDecoder<T>::output_shape(const DeviceStep& step, std::int64_t rows) const {
  return {.rows = rows,
          .in = step.spec.d_model,
          .out = step.spec.vocabulary,
          .x_stride = step.spec.d_model,
          .y_stride = logits_stride_};
}

template <typename T>
device::EmbeddingShape DeviceDecoder<T>::embedding_shape(const DeviceStep& step) const {
  return {step.rows.sequences, step.rows.length, step.spec.d_model, vocabulary_.count,
          vocabulary_.first};
}

template <typename T>
device::LogitsShape DeviceDecoder<T>::logits_shape(std::int64_t rows) const {
  return {rows, vocabulary_.count, logits_stride_, vocabulary_.first};
}

template <typename T>
template <typename Logit>
void DeviceDecoder<T>::exchange_rows(const DeviceStep& step, std::int64_t rows, const Logit* logits,
                                     const std::int32_t* targets) {
  const auto part = static_cast<std::size_t>(2 * rows);
  std::vector<ElementRange> parts;
  for (int rank = 0; rank < step.tensor.shard.ranks; ++rank)
    parts.push_back({static_cast<std::size_t>(rank) * part, part});
  device::cross_entropy_part(step.stream, logits_shape(rows), logits, targets,
                             row_parts_ + step.tensor.shard.rank * 2 * rows);
  step.tensor.group->gather_parts({row_parts_, parts.size() * part}, parts,
                                  as_device_stream(step.stream));
}

template <typename T>
void DeviceDecoder<T>::forward(const DeviceStep& step, const std::int32_t* targets) {
  // Of several ranks one gives the positions.
  const float* positions = positions_ ? positions_.weight : timing_;
  device::embedding_forward(step.stream, embedding_shape(step), targets, embedding_.weight,
                            step.tensor.leads() ? positions : nullptr, embedded_);
  step.tensor.sum(step.stream, embedded_, step.rows.tokens() * step.spec.d_model);
  if (tables_.relative_bias)
    spread_bias(step.stream, *tables_.buckets, head_count(step.spec), tables_.relative_bias.weight,
                tables_.bias_by_distance);
  StreamAbove<T> above{embedded_, {}};
  for (Layer& layer : layers_)
    above = layer.feed_forward.forward(step, layer.attention.forward(step, above));
  read_ = top_.forward(step, above);
}

template <typename T>
void DeviceDecoder<T>::backward(const DeviceStep& step, const std::int32_t* index,
                                const std::function<void(std::size_t)>& ready) {
  StreamGradient gradient = gradient_;
  top_.backward(step, d_read_, true, gradient);
  if (ready) ready(layers_.size());
  for (std::size_t i = layers_.size(); i-- > 0;) {
    // The last layer was the last to use the memory that layers use in turn.
    if (recomputes_ && i + 1 < layers_.size())
      layers_[i].feed_forward.again_for_backward(step, layers_[i].attention.again(step));
    layers_[i].feed_forward.backward(step, gradient);
    layers_[i].attention.backward(step, gradient);
    if (ready) ready(i);
  }
  device::embedding_backward(step.stream, embedding_shape(step), index, gradient.now,
                             embedding_.gradient, positions_.gradient, embedding_sums_);
}

template <typename T>
void DeviceDecoder<T>::losses(const DeviceStep& step, const DeviceTokens& tokens, float* losses) {
  forward(step, tokens.targets);
  for_each_chunk<float>(step, [&](std::int64_t first, std::int64_t rows, float* logits) {
    step.products.forward(step.stream, output_shape(step, rows), read_ + first * step.spec.d_model,
                          output_.operand, logits, ProductTerms<float>{.factor = output_factor_});
    if (step.tensor.alone())
      return device::cross_entropy_losses(step.stream, logits_shape(rows),
                                          static_cast<const float*>(logits), tokens.targets + first,
                                          losses + first);
    exchange_rows<float>(step, rows, logits, tokens.targets + first);
    device::cross_entropy_losses(step.stream, rows, step.tensor.shard.ranks, row_parts_,
                                 losses + first);
  });
}

template <typename T>
void DeviceDecoder<T>::gradients(const DeviceStep& step, const DeviceTokens& tokens, float weight,
                                 float z_loss, float* losses,
                                 const std::function<void(std::size_t)>& ready) {
  forward(step, tokens.targets);
  for_each_chunk<T>(step, [&](std::int64_t first, std::int64_t rows, T* logits) {
    const ProductShape shape = output_shape(step, rows);
    const T* read = read_ + first * step.spec.d_model;
    step.products.forward(step.stream, shape, read, output_.operand, logits,
                          ProductTerms<T>{.factor = output_factor_});
    if (step.tensor.alone()) {
      device::cross_entropy_gradient(step.stream, logits_shape(rows), logits,
                                     tokens.targets + first, weight, z_loss, losses + first);
    } else {
      exchange_rows<T>(step, rows, logits, tokens.targets + first);
      device::cross_entropy_gradient(step.stream, logits_shape(rows), step.tensor.shard.ranks,
                                     row_parts_, logits, tokens.targets + first, weight, z_loss,
                                     losses + first);
    }
    step.products.weight_gradient(step.stream, shape, logits, read, output_.gradient,
                                  output_factor_);
    step.products.input_gradient(step.stream, shape, logits, output_.operand,
                                 d_read_ + first * step.spec.d_model,
                                 ProductTerms<T>{.factor = output_factor_});
  });
  step.tensor.sum(step.stream, d_read_, step.rows.tokens() * step.spec.d_model);
  backward(step, tokens.index, ready);
}

template class DeviceDecoder<float>;
template class DeviceDecoder<simt::Bf16>;

}  // namespace isoloss
