#include "harness/training/host_training_state.h"

#include <array>
#include <chrono>
#include <cmath>
#include <exception>
#include <limits>
#include <utility>

#include "harness/ranks/block_exchange.h"
#include "harness/ranks/peak_memory.h"
#include "harness/training/buffer_shares.h"
#include "harness/training/gradient_norm.h"
#include "harness/training/optimizer.h"
#include "model/spec/error.h"
#include "model/spec/shard.h"

namespace isoloss {
namespace {

template <typename Real>
struct Buffers {
  std::span<Real> weights, gradients;
};

template <typename Real>
Buffers<Real> buffers(LanguageModel& model) {
  if constexpr (std::is_same_v<Real, float>) {
    return {model.weights32(), model.gradients32()};
  } else {
    return {model.weights64(), model.gradients64()};
  }
}

GradientAverage::Buffer gradients_of(LanguageModel& model) {
  if (model.precision() == Precision::Float64) return model.gradients64();
  return model.gradients32();
}

Precision precision_of(const RunSpec& spec) {
  if (spec.dtype == "float64") return Precision::Float64;
  return spec.dtype == "bfloat16" ? Precision::BFloat16 : Precision::Float32;
}

ModelOptions model_options(const RunSpec& spec, const RankGroups& ranks) {
  ModelOptions options;
  options.precision = precision_of(spec);
  options.recompute = spec.recompute;
  if (ranks.tensor().size() > 1) options.tensor_ranks = &ranks.tensor();
  return options;
}

ParameterTable chosen(const ParameterTable& table, bool split) {
  ParameterTable result{{}, table.buffer_size};
  for (const Parameter& p : table.parameters)
    if ((p.whole_extent > 0) == split) result.parameters.push_back(p);
  return result;
}

std::vector<ParameterTable> tables_of_shards(const ModelSpec& spec, int ranks) {
  std::vector<ParameterTable> tables;
  for (int rank = 0; rank < ranks; ++rank) tables.push_back(parameter_table(spec, {rank, ranks}));
  return tables;
}

}  // namespace

HostTrainingState::HostTrainingState(const RunSpec& spec, RankGroups ranks, OptimizerState kept)
    : TrainingState(std::move(ranks)),
      optimizer_spec_(spec.optimizer),
      micro_batches_(spec.accumulate),
      model_(spec.model, spec.seed, model_options(spec, ranks_)),
      shards_(tables_of_shards(spec.model, ranks_.tensor().size())),
      split_(chosen(model_.table(), true)),
      replicated_(chosen(model_.table(), false)),
      shares_(share_out(model_.table(), kept == OptimizerState::Shared ? ranks_.data().size() : 1)),
      mine_(shares_[shares_.size() > 1 ? static_cast<std::size_t>(ranks_.data().rank()) : 0]),
      average_(ranks_.data(), gradients_of(model_)) {
  const auto size = static_cast<std::size_t>(optimizer_state_size(mine_, optimizer_spec_));
  if (model_.precision() == Precision::Float64) {
    optimizer_ = std::vector<double>(size, 0.0);
  } else {
    optimizer_ = std::vector<float>(size, 0.0F);
  }
}

std::size_t HostTrainingState::element_bytes() const {
  return model_.precision() == Precision::Float64 ? sizeof(double) : sizeof(float);
}

std::int64_t HostTrainingState::peak_memory() const { return isoloss::peak_memory(); }

// Tensors that every tensor rank has count once.
template <typename Real>
double HostTrainingState::gradient_norm(std::span<const Real> gradients) const {
  if (ranks_.tensor().size() == 1) return global_norm<Real>(model_.table(), gradients);
  const double replicated = global_norm<Real>(replicated_, gradients);
  const double split = global_norm<Real>(split_, gradients);
  std::array<double, 1> squares = {split * split};
  ranks_.tensor().all_reduce_sum(std::span<double>(squares));
  return std::sqrt(squares[0] + replicated * replicated);
}

std::vector<float> HostTrainingState::token_losses(std::span<const std::int32_t> tokens,
                                                   std::int64_t length) {
  return model_.token_losses(tokens, length);
}

TrainingState::Update HostTrainingState::update(std::span<const std::int32_t> tokens) {
  const auto start = std::chrono::steady_clock::now();
  Update result;
  result.metrics.step = step_ + 1;
  StepOptions options{optimizer_spec_.z_loss, micro_batches_};
  if (ranks_.data().size() > 1)
    options.gradients_ready = [this](std::int64_t offset, std::int64_t) { average_.ready(offset); };
  std::array<double, 1> loss = {std::numeric_limits<double>::quiet_NaN()};
  std::exception_ptr failure =
      failure_of([&] { loss[0] = model_.loss_and_gradients(tokens, options); });
  // Ranks that share a model wait for each other inside of it.
  if (failure && ranks_.tensor().size() > 1) std::rethrow_exception(failure);
  unshared(ranks_.data(), [&] {
    average_.finish();
    ranks_.data().all_reduce_sum(std::span<double>(loss));
  });
  result.metrics.loss = loss[0] / ranks_.data().size();
  std::visit(
      [&]<typename Real>(std::vector<Real>& state) {
        const auto [weights, gradients] = buffers<Real>(model_);
        const double norm = gradient_norm<Real>(gradients);
        result.metrics.gradient_norm = norm;
        result.finite = std::isfinite(result.metrics.loss) && std::isfinite(norm);
        if (!result.finite) return;
        clip_gradients<Real>(gradients, norm, optimizer_spec_.clip_norm);
        failure = failure_of([&] {
          result.metrics.learning_rate = optimizer_step<Real>(
              mine_, optimizer_spec_, step_, std::span<const Real>(gradients), weights,
              std::span<Real>(state), ranks_.tensor().size() > 1 ? &ranks_.tensor() : nullptr,
              &scratch_);
        });
        if (failure && ranks_.tensor().size() > 1) std::rethrow_exception(failure);
        if (shares_.size() > 1)
          unshared(ranks_.data(), [&] { spread_shares<Real>(shares_, weights, ranks_.data()); });
        ++step_;
      },
      optimizer_);
  if (failure) std::rethrow_exception(failure);
  seconds_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  result.metrics.seconds = seconds_;
  return result;
}

}  // namespace isoloss
