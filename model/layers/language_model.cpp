#include "model/layers/language_model.h"

#include <torch/torch.h>

#include <algorithm>
#include <mutex>
#include <string>

#include "model/kernels/cpu/cross_entropy.h"
#include "model/layers/language_model_impl.h"
#include "model/layers/token_batch.h"
#include "model/layers/vector_math.h"
#include "model/spec/error.h"

namespace isoloss {
namespace {

template <typename Real>
std::span<Real> as_span(const at::Tensor& tensor) {
  if (tensor.scalar_type() != c10::CppTypeToScalarType<Real>::value) return {};
  return {tensor.data_ptr<Real>(), static_cast<std::size_t>(tensor.numel())};
}

void check_length(const ModelSpec& spec, std::int64_t length) {
  if (length < 1 || length > spec.sequence)
    throw InputError("rows of " + std::to_string(length) + " tokens (the model's sequence is " +
                     std::to_string(spec.sequence) + "); give shorter rows");
}

}  // namespace

// Adds the gradients of one of `parts` equal parts of the rows and returns its mean cross-entropy.
double LanguageModel::Impl::backward(const ModelSide& side, const at::Tensor& targets,
                                     RowRange rows, std::int64_t parts,
                                     const StepOptions& step_options, bool announces) const {
  const StepMemory::Use use(side.memory);
  std::int64_t begin_of_ready = buffers.table().buffer_size;
  const auto ready_from = [&](std::int64_t offset) {
    if (offset < begin_of_ready) step_options.gradients_ready(offset, begin_of_ready - offset);
    begin_of_ready = offset;
  };
  std::function<void(std::size_t)> layer_ready;
  if (announces)
    layer_ready = [&](std::size_t layer) { ready_from(buffers.layer_offsets()[layer]); };
  const double factor = 1.0 / static_cast<double>(parts);
  side.workspace.begin_step();
  double cross_entropy = 0;
  if (FusedTrainingStep::serves(spec, options)) {
    cross_entropy = fused_step(side, rows.count)
                        .run(targets.const_data_ptr<std::int64_t>() + rows.first * spec.sequence,
                             step_options.z_loss, factor, layer_ready);
  } else {
    const at::Tensor own = targets.narrow(0, rows.first, rows.count);
    DecoderStep now = step(side, rows.count, spec.sequence);
    now.layer_ready = layer_ready;
    const Loss result =
        decoder_loss(now, decoder(now, shifted_right(own)), own, step_options.z_loss);
    result.total.backward(at::scalar_tensor(factor, result.total.options()));
    cross_entropy = result.cross_entropy.item<double>();
  }
  if (announces) ready_from(0);
  return cross_entropy;
}

// Calls work(first row, logits [rows * length, vocabulary]) for a few rows at a time.
template <typename Work>
void LanguageModel::Impl::for_each_logits(const at::Tensor& inputs, const Work& work) const {
  const at::NoGradGuard no_gradients;
  buffers.round_weights();
  const std::int64_t rows = inputs.size(0), length = inputs.size(1);
  const std::int64_t held = std::min(kTokensHeld, kLogitsHeld / spec.vocabulary);
  const std::int64_t most = std::max<std::int64_t>(1, held / length);
  for (std::int64_t first = 0; first < rows; first += most) {
    const at::Tensor part = inputs.narrow(0, first, std::min(most, rows - first));
    const DecoderStep now = reading_step(part.size(0), length);
    sides.front().workspace.begin_step();
    work(first, decoder_logits(now, decoder(now, part)).view({-1, spec.vocabulary}));
  }
}

// Loss of each row's target and whether it was the most likely; overwrites the logits.
void LanguageModel::Impl::predict(const at::Tensor& logits, const std::int64_t* targets,
                                  float* losses, std::uint8_t* greedy) const {
  const LogitsShape shape{logits.size(0), logits.size(1)};
  if (options.precision == Precision::Float64)
    cross_entropy_losses(shape, logits.data_ptr<double>(), targets, losses, greedy);
  else
    cross_entropy_losses(shape, logits.data_ptr<float>(), targets, losses, greedy);
}

LanguageModel::LanguageModel(const ModelSpec& spec, std::uint64_t seed,
                             const ModelOptions& options) {
  check(spec);
  resolve_vector_math();
  impl_ = std::make_unique<Impl>(spec, seed, options);
}

LanguageModel::~LanguageModel() = default;
LanguageModel::LanguageModel(LanguageModel&&) noexcept = default;
LanguageModel& LanguageModel::operator=(LanguageModel&&) noexcept = default;

const ModelSpec& LanguageModel::spec() const { return impl_->spec; }
const ParameterTable& LanguageModel::table() const { return impl_->buffers.table(); }
Precision LanguageModel::precision() const { return impl_->options.precision; }

double LanguageModel::loss_and_gradients(std::span<const std::int32_t> tokens,
                                         const StepOptions& options) {
  Impl& m = *impl_;
  const StepMemory::Use use(m.sides.front().memory);
  read_token_rows(tokens, m.spec.sequence, m.spec.vocabulary, m.training_targets);
  const at::Tensor& targets = m.training_targets;
  const std::int64_t parts = options.micro_batches;
  if (parts < 1 || targets.size(0) % parts != 0)
    throw InputError("micro_batches " + std::to_string(parts) + " does not divide the " +
                     std::to_string(targets.size(0)) +
                     " rows of a batch (parts are of equal size); give a divisor");
  m.buffers.round_weights();
  const std::int64_t rows = targets.size(0) / parts;
  const bool announces = static_cast<bool>(options.gradients_ready);
  const std::int64_t at_once = m.parts_at_once(rows, announces), rows_of_each = rows / at_once;
  const std::span<const ModelSide> sides = m.sides_for(at_once);
  std::vector<double> sums(sides.size(), 0.0);
  const auto work = [&](std::int64_t i) {
    const auto place = static_cast<std::size_t>(i);
    sides[place].gradients.zero_();
    for (std::int64_t batch = 0; batch < parts; ++batch)
      sums[place] +=
          m.backward(sides[place], targets, {batch * rows + i * rows_of_each, rows_of_each},
                     parts * at_once, options, announces && batch == parts - 1);
  };
  if (at_once == 1)
    work(0);
  else
    at::parallel_for(0, at_once, 1, [&](std::int64_t first, std::int64_t last) {
      for (std::int64_t i = first; i < last; ++i) work(i);
    });
  double sum = sums[0];
  for (std::size_t i = 1; i < sides.size(); ++i) {
    sides[0].gradients.add_(sides[i].gradients);
    sum += sums[i];
  }
  return sum / static_cast<double>(parts * at_once);
}

LanguageModel::Predictions LanguageModel::predictions(std::span<const std::int32_t> tokens,
                                                      std::int64_t length) const {
  const Impl& m = *impl_;
  check_length(m.spec, length);
  const at::Tensor targets = token_rows(tokens, length, m.spec.vocabulary);
  Predictions result{std::vector<float>(tokens.size()), std::vector<std::uint8_t>(tokens.size())};
  m.for_each_logits(shifted_right(targets), [&](std::int64_t first, const at::Tensor& logits) {
    const auto place = static_cast<std::size_t>(first * length);
    m.predict(logits, targets.const_data_ptr<std::int64_t>() + first * length,
              &result.losses[place], &result.greedy[place]);
  });
  return result;
}

std::vector<double> LanguageModel::logits(std::span<const std::int32_t> inputs,
                                          std::int64_t length) const {
  const Impl& m = *impl_;
  check_length(m.spec, length);
  std::vector<double> all;
  all.reserve(inputs.size() * static_cast<std::size_t>(m.spec.vocabulary));
  m.for_each_logits(token_rows(inputs, length, m.spec.vocabulary),
                    [&](std::int64_t, const at::Tensor& logits) { append_exact(logits, all); });
  return all;
}

std::vector<float> LanguageModel::token_losses(std::span<const std::int32_t> tokens,
                                               std::int64_t length) const {
  return predictions(tokens, length).losses;
}

std::span<float> LanguageModel::weights32() { return as_span<float>(impl_->buffers.weights()); }
std::span<float> LanguageModel::gradients32() { return as_span<float>(impl_->buffers.gradients()); }
std::span<double> LanguageModel::weights64() { return as_span<double>(impl_->buffers.weights()); }
std::span<double> LanguageModel::gradients64() {
  return as_span<double>(impl_->buffers.gradients());
}

void set_intra_op_threads(int threads) {
  static std::once_flag inter_op;
  std::call_once(inter_op, [] { at::set_num_interop_threads(1); });
  at::set_num_threads(threads);
}

}  // namespace isoloss
