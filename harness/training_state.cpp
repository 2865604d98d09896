#include "harness/training_state.h"

#include <array>
#include <chrono>
#include <cmath>
#include <cstring>
#include <utility>

#include "harness/buffer_shares.h"
#include "harness/gradient_norm.h"
#include "harness/optimizer.h"
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

std::vector<ParameterTable> state_tables(std::span<const ParameterTable> tables,
                                         const OptimizerSpec& spec) {
  std::vector<ParameterTable> states;
  for (const ParameterTable& table : tables) states.push_back(optimizer_state_table(table, spec));
  return states;
}

// The leading rank's values on every rank.
template <typename Real>
std::vector<Real> broadcast_values(std::span<const std::byte> bytes, const ParameterTable& table,
                                   Communicator& ranks) {
  std::vector<Real> values(static_cast<std::size_t>(table.buffer_size));
  if (ranks.rank() == 0) std::memcpy(values.data(), bytes.data(), bytes.size());
  ranks.broadcast(std::as_writable_bytes(std::span(values)), 0);
  return values;
}

}  // namespace

TrainingState::TrainingState(const RunSpec& spec, RankGroups ranks, OptimizerState kept)
    : optimizer_spec_(spec.optimizer),
      micro_batches_(spec.accumulate),
      ranks_(std::move(ranks)),
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

std::size_t TrainingState::element_bytes() const {
  return model_.precision() == Precision::Float64 ? sizeof(double) : sizeof(float);
}

// Tensors that every tensor rank has count once.
template <typename Real>
double TrainingState::gradient_norm(std::span<const Real> gradients) const {
  if (ranks_.tensor().size() == 1) return global_norm<Real>(model_.table(), gradients);
  const double replicated = global_norm<Real>(replicated_, gradients);
  const double split = global_norm<Real>(split_, gradients);
  std::array<double, 1> squares = {split * split};
  ranks_.tensor().all_reduce_sum(std::span<double>(squares));
  return std::sqrt(squares[0] + replicated * replicated);
}

TrainingState::Update TrainingState::update(std::span<const std::int32_t> tokens) {
  const auto start = std::chrono::steady_clock::now();
  Update result;
  result.metrics.step = step_ + 1;
  StepOptions options{optimizer_spec_.z_loss, micro_batches_};
  if (ranks_.data().size() > 1)
    options.gradients_ready = [this](std::int64_t offset, std::int64_t) { average_.ready(offset); };
  std::array<double, 1> loss = {model_.loss_and_gradients(tokens, options)};
  average_.finish();
  ranks_.data().all_reduce_sum(std::span<double>(loss));
  result.metrics.loss = loss[0] / ranks_.data().size();
  std::visit(
      [&]<typename Real>(std::vector<Real>& state) {
        const auto [weights, gradients] = buffers<Real>(model_);
        const double norm = gradient_norm<Real>(gradients);
        result.metrics.gradient_norm = norm;
        result.finite = std::isfinite(result.metrics.loss) && std::isfinite(norm);
        if (!result.finite) return;
        clip_gradients<Real>(gradients, norm, optimizer_spec_.clip_norm);
        result.metrics.learning_rate = optimizer_step<Real>(
            mine_, optimizer_spec_, step_, std::span<const Real>(gradients), weights,
            std::span<Real>(state), ranks_.tensor().size() > 1 ? &ranks_.tensor() : nullptr);
        if (shares_.size() > 1) spread_shares<Real>(shares_, weights, ranks_.data());
        ++step_;
      },
      optimizer_);
  seconds_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  result.metrics.seconds = seconds_;
  return result;
}

void TrainingState::gather() {
  if (alone()) return;
  std::visit(
      [&]<typename Real>(const std::vector<Real>& state) {
        const ParameterTable here = optimizer_state_table(model_.table(), optimizer_spec_);
        std::vector<Real> of_shard = state;
        if (shares_.size() > 1)
          of_shard = gather_parts<Real>(state_tables(shares_, optimizer_spec_), state, here,
                                        ranks_.data());
        // One rank of each tensor place is enough: the leading rank's neighbours.
        if (ranks_.data().rank() != 0) return;
        const ParameterTable whole = parameter_table(model_.spec());
        const auto weights = buffers<Real>(model_).weights;
        whole_weights_ = gather_parts<Real>(shards_, weights, whole, ranks_.tensor());
        whole_optimizer_ =
            gather_parts<Real>(state_tables(shards_, optimizer_spec_), of_shard,
                               optimizer_state_table(whole, optimizer_spec_), ranks_.tensor());
      },
      optimizer_);
}

std::span<const std::byte> TrainingState::weight_bytes() {
  if (!alone())
    return std::visit([](const auto& values) { return std::as_bytes(std::span(values)); },
                      whole_weights_);
  return model_.precision() == Precision::Float64 ? std::as_bytes(model_.weights64())
                                                  : std::as_bytes(model_.weights32());
}

std::span<const std::byte> TrainingState::optimizer_bytes() const {
  return std::visit([](const auto& values) { return std::as_bytes(std::span(values)); },
                    alone() ? optimizer_ : whole_optimizer_);
}

void TrainingState::restore(std::int64_t step, double seconds, std::span<const std::byte> weights,
                            std::span<const std::byte> optimizer) {
  const ParameterTable whole = parameter_table(model_.spec());
  const ParameterTable whole_state = optimizer_state_table(whole, optimizer_spec_);
  const auto bytes = [this](const ParameterTable& table) {
    return static_cast<std::size_t>(table.buffer_size) * element_bytes();
  };
  if (ranks_.leads() && (weights.size() != bytes(whole) || optimizer.size() != bytes(whole_state)))
    throw InputError("its sizes are not this model's");
  std::visit(
      [&]<typename Real>(std::vector<Real>& state) {
        copy_to_shard<Real>(whole, broadcast_values<Real>(weights, whole, ranks_.all()),
                            model_.table(), buffers<Real>(model_).weights);
        copy_to_shard<Real>(whole_state,
                            broadcast_values<Real>(optimizer, whole_state, ranks_.all()),
                            optimizer_state_table(mine_, optimizer_spec_), state);
      },
      optimizer_);
  std::array<double, 2> place = {static_cast<double>(step), seconds};
  ranks_.all().broadcast(std::as_writable_bytes(std::span(place)), 0);
  step_ = static_cast<std::int64_t>(place[0]);
  seconds_ = place[1];
}

}  // namespace isoloss
