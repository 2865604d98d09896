#include "model/layers/language_model.h"

#include <torch/torch.h>

#include <algorithm>
#include <mutex>
#include <string>

#include "model/kernels/cpu/cross_entropy.h"
#include "model/kernels/cpu/workspace.h"
#include "model/layers/decoder.h"
#include "model/layers/parameter_buffers.h"
#include "model/layers/relative_position.h"
#include "model/spec/error.h"

namespace isoloss {
namespace {

// At most so many tokens and logits are held at once where no gradients are needed.
constexpr std::int64_t kTokensHeld = 2048;
constexpr std::int64_t kLogitsHeld = std::int64_t{1} << 24;

struct Batch {
  at::Tensor inputs;   // int64 [batch, length]: targets shifted right, id 0 first
  at::Tensor targets;  // int64 [batch, length]
};

Batch as_batch(std::span<const std::int32_t> tokens, std::int64_t length, std::int64_t vocabulary) {
  const auto count = static_cast<std::int64_t>(tokens.size());
  if (count == 0 || count % length != 0)
    throw InputError(std::to_string(count) + " tokens were given (rows have " +
                     std::to_string(length) + "); give whole rows");
  Batch batch{at::empty({count / length, length}, at::kLong),
              at::empty({count / length, length}, at::kLong)};
  auto* inputs = batch.inputs.data_ptr<std::int64_t>();
  auto* targets = batch.targets.data_ptr<std::int64_t>();
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int32_t token = tokens[static_cast<std::size_t>(i)];
    if (token < 0 || token >= vocabulary)
      throw InputError("token " + std::to_string(token) + " is outside the vocabulary of " +
                       std::to_string(vocabulary) + " (at place " + std::to_string(i) +
                       "); use the tokenizer that the model was trained with");
    targets[i] = token;
    inputs[i] = i % length == 0 ? 0 : targets[i - 1];
  }
  return batch;
}

template <typename Real>
std::span<Real> as_span(const at::Tensor& tensor) {
  if (tensor.scalar_type() != c10::CppTypeToScalarType<Real>::value) return {};
  return {tensor.data_ptr<Real>(), static_cast<std::size_t>(tensor.numel())};
}

}  // namespace

struct LanguageModel::Impl {
  Impl(const ModelSpec& model_spec, std::uint64_t seed, const ModelOptions& options)
      : spec(model_spec),
        precision(options.precision),
        kernels(options.kernels),
        buffers(parameter_table(spec), seed,
                precision == Precision::Float64 ? at::kDouble : at::kFloat),
        weights(decoder_weights(spec, buffers)),
        workspace(precision == Precision::Float64 ? at::kDouble : at::kFloat) {}

  DecoderStep step(const at::Tensor& inputs) const {
    return {
        spec,
        weights,
        kernels,
        {spec, workspace, inputs.size(0), inputs.size(1), relative_buckets(spec, inputs.size(1))}};
  }

  ModelSpec spec;
  Precision precision;
  Kernels kernels;
  ParameterBuffers buffers;
  DecoderWeights weights;
  mutable Workspace workspace;  // holds no state from one call to the next
};

LanguageModel::LanguageModel(const ModelSpec& spec, std::uint64_t seed,
                             const ModelOptions& options) {
  check(spec);
  impl_ = std::make_unique<Impl>(spec, seed, options);
}

LanguageModel::~LanguageModel() = default;
LanguageModel::LanguageModel(LanguageModel&&) noexcept = default;
LanguageModel& LanguageModel::operator=(LanguageModel&&) noexcept = default;

const ModelSpec& LanguageModel::spec() const { return impl_->spec; }
const ParameterTable& LanguageModel::table() const { return impl_->buffers.table(); }
Precision LanguageModel::precision() const { return impl_->precision; }

double LanguageModel::loss_and_gradients(std::span<const std::int32_t> tokens,
                                         const StepOptions& options) {
  Impl& m = *impl_;
  const Batch batch = as_batch(tokens, m.spec.sequence, m.spec.vocabulary);
  m.buffers.gradients().zero_();
  const DecoderStep step = m.step(batch.inputs);
  m.workspace.begin_step();
  const Loss result =
      decoder_loss(step, decoder(step, batch.inputs), batch.targets, options.z_loss);
  result.total.backward();
  return result.cross_entropy.item<double>();
}

LanguageModel::Predictions LanguageModel::predictions(std::span<const std::int32_t> tokens,
                                                      std::int64_t length) const {
  const Impl& m = *impl_;
  if (length < 1 || length > m.spec.sequence)
    throw InputError("rows of " + std::to_string(length) + " tokens (the model's sequence is " +
                     std::to_string(m.spec.sequence) + "); give shorter rows");
  const Batch batch = as_batch(tokens, length, m.spec.vocabulary);
  const at::NoGradGuard no_gradients;
  const std::int64_t rows = batch.inputs.size(0);
  const std::int64_t held = std::min(kTokensHeld, kLogitsHeld / m.spec.vocabulary);
  const std::int64_t most = std::max<std::int64_t>(1, held / length);
  Predictions result{std::vector<float>(tokens.size()), std::vector<std::uint8_t>(tokens.size())};
  for (std::int64_t first = 0; first < rows; first += most) {
    const std::int64_t count = std::min(most, rows - first);
    const at::Tensor inputs = batch.inputs.narrow(0, first, count);
    const DecoderStep step = m.step(inputs);
    m.workspace.begin_step();
    at::Tensor logits = decoder_logits(step, decoder(step, inputs)).view({count * length, -1});
    const LogitsShape shape{logits.size(0), logits.size(1)};
    const auto* targets = batch.targets.const_data_ptr<std::int64_t>() + first * length;
    const auto place = static_cast<std::size_t>(first * length);
    if (m.precision == Precision::Float64)
      cross_entropy_losses(shape, logits.data_ptr<double>(), targets, &result.losses[place],
                           &result.greedy[place]);
    else
      cross_entropy_losses(shape, logits.data_ptr<float>(), targets, &result.losses[place],
                           &result.greedy[place]);
  }
  return result;
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
