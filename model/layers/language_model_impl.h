// What a language model is inside: its buffers, and the step over them that training and reading
// share.
#pragma once
#include <ATen/Parallel.h>

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "model/cost/side_by_side.h"
#include "model/kernels/cpu/workspace.h"
#include "model/layers/decoder.h"
#include "model/layers/fused_step.h"
#include "model/layers/language_model.h"
#include "model/layers/parameter_buffers.h"
#include "model/layers/relative_position.h"
#include "model/layers/step_memory.h"
#include "model/spec/shard.h"

namespace isoloss {

// At most so many tokens and logits are held at once where no gradients are needed.
inline constexpr std::int64_t kTokensHeld = 2048;
inline constexpr std::int64_t kLogitsHeld = std::int64_t{1} << 24;

// What one of the parts that are worked on at the same time has of its own.
struct ModelSide {
  ModelSide(const ModelSpec& spec, const ParameterBuffers& buffers)
      : gradients(buffers.gradients()),
        weights(decoder_weights(spec, buffers)),
        workspace(buffers.weights().scalar_type()) {}

  StepMemory memory;
  at::Tensor gradients;
  DecoderWeights weights;
  mutable Workspace workspace;                       // holds no state from one call to the next
  mutable std::unique_ptr<FusedTrainingStep> fused;  // refers to this side
};

// Of a batch.
struct RowRange {
  std::int64_t first = 0, count = 0;
};

struct LanguageModel::Impl {
  Impl(const ModelSpec& model_spec, std::uint64_t seed, const ModelOptions& model_options)
      : spec(model_spec),
        options(model_options),
        buffers(parameter_table(spec, shard(options)), seed, options.precision) {
    sides.emplace_back(spec, buffers);
  }

  static Shard shard(const ModelOptions& options) {
    if (!options.tensor_ranks) return {};
    return {options.tensor_ranks->rank(), options.tensor_ranks->size()};
  }

  // Parts of a micro-batch at the same time. Tensor ranks meet in every product, one at a time; and
  // parts have no layer's gradients before all of them are done.
  std::int64_t parts_at_once(std::int64_t rows, bool announces) const {
    if (announces || (options.tensor_ranks && options.tensor_ranks->size() > 1)) return 1;
    return parts_side_by_side(rows, at::get_num_threads(),
                              static_cast<double>(buffers.gradients().nbytes()));
  }

  // They read the same weights; the first adds to the gradients of `buffers`.
  std::span<const ModelSide> sides_for(std::int64_t parts) {
    if (std::ssize(sides) < parts)
      for (ModelSide& side : sides) side.fused = nullptr;  // they are moved
    while (std::ssize(sides) < parts) sides.emplace_back(spec, buffers.with_own_gradients());
    return std::span(sides).first(static_cast<std::size_t>(parts));
  }

  DecoderStep step(const ModelSide& side, std::int64_t rows, std::int64_t length) const {
    const at::Tensor buckets =
        spec.positions == Positions::Relative ? relative_buckets(spec, length) : at::Tensor();
    return {spec,
            side.weights,
            options,
            {spec, side.workspace, rows, length, buckets, options.tensor_ranks}};
  }

  // Of the first side, whose training step keeps nothing from here on: reading takes its memory.
  DecoderStep reading_step(std::int64_t rows, std::int64_t length) const {
    sides.front().fused = nullptr;
    return step(sides.front(), rows, length);
  }

  // The passes of a training step of so many rows.
  FusedTrainingStep& fused_step(const ModelSide& side, std::int64_t rows) const {
    if (!side.fused || side.fused->batch() != rows)
      side.fused = std::make_unique<FusedTrainingStep>(step(side, rows, spec.sequence));
    return *side.fused;
  }

  double backward(const ModelSide& side, const at::Tensor& targets, RowRange rows,
                  std::int64_t parts, const StepOptions& step_options, bool announces) const;
  template <typename Work>
  void for_each_logits(const at::Tensor& inputs, const Work& work) const;
  void predict(const at::Tensor& logits, const std::int64_t* targets, float* losses,
               std::uint8_t* greedy) const;
  at::Tensor read(DecodingState& state, const TokenLists& tokens, const at::Tensor& wanted) const;
  template <typename Work>
  void for_each_read(DecodingState& state, const TokenLists& tokens,
                     std::span<const TokenPlace> wanted, const Work& work) const;

  ModelSpec spec;
  ModelOptions options;
  ParameterBuffers buffers;
  std::vector<ModelSide> sides;
  at::Tensor training_targets;  // of the last step
};

// Appends every element to `all`, exactly.
inline void append_exact(const at::Tensor& values, std::vector<double>& all) {
  const at::Tensor exact = values.to(at::kDouble).contiguous();
  const auto* data = exact.const_data_ptr<double>();
  all.insert(all.end(), data, data + exact.numel());
}

}  // namespace isoloss
