#include "harness/training_state.h"

#include <chrono>
#include <cmath>
#include <cstring>

#include "harness/gradient_norm.h"
#include "harness/optimizer.h"
#include "model/spec/error.h"

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

Precision precision_of(const RunSpec& spec) {
  return spec.dtype == "float64" ? Precision::Float64 : Precision::Float32;
}

template <typename Real>
void copy_bytes(std::span<const std::byte> from, std::span<Real> to) {
  if (from.size() != to.size_bytes()) throw InputError("its sizes are not this model's");
  std::memcpy(to.data(), from.data(), from.size());
}

}  // namespace

TrainingState::TrainingState(const RunSpec& spec)
    : optimizer_spec_(spec.optimizer), model_(spec.model, spec.seed, {precision_of(spec)}) {
  const auto size = static_cast<std::size_t>(optimizer_state_size(model_.table(), optimizer_spec_));
  if (model_.precision() == Precision::Float64) {
    optimizer_ = std::vector<double>(size, 0.0);
  } else {
    optimizer_ = std::vector<float>(size, 0.0F);
  }
}

std::size_t TrainingState::element_bytes() const {
  return model_.precision() == Precision::Float64 ? sizeof(double) : sizeof(float);
}

TrainingState::Update TrainingState::update(std::span<const std::int32_t> tokens) {
  const auto start = std::chrono::steady_clock::now();
  Update result;
  result.metrics.step = step_ + 1;
  result.metrics.loss = model_.loss_and_gradients(tokens, {optimizer_spec_.z_loss});
  std::visit(
      [&]<typename Real>(std::vector<Real>& state) {
        const auto [weights, gradients] = buffers<Real>(model_);
        const double norm = global_norm<Real>(model_.table(), gradients);
        result.metrics.gradient_norm = norm;
        result.finite = std::isfinite(result.metrics.loss) && std::isfinite(norm);
        if (!result.finite) return;
        clip_gradients<Real>(gradients, norm, optimizer_spec_.clip_norm);
        result.metrics.learning_rate =
            optimizer_step<Real>(model_.table(), optimizer_spec_, step_,
                                 std::span<const Real>(gradients), weights, std::span<Real>(state));
        ++step_;
      },
      optimizer_);
  seconds_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  result.metrics.seconds = seconds_;
  return result;
}

std::span<const std::byte> TrainingState::weight_bytes() {
  return model_.precision() == Precision::Float64 ? std::as_bytes(model_.weights64())
                                                  : std::as_bytes(model_.weights32());
}

std::span<const std::byte> TrainingState::optimizer_bytes() const {
  return std::visit([](const auto& state) { return std::as_bytes(std::span(state)); }, optimizer_);
}

void TrainingState::restore(std::int64_t step, double seconds, std::span<const std::byte> weights,
                            std::span<const std::byte> optimizer) {
  std::visit(
      [&]<typename Real>(std::vector<Real>& state) {
        const auto target = buffers<Real>(model_).weights;
        if (weights.size() != target.size_bytes()) {
          throw InputError("its sizes are not this model's");
        }
        copy_bytes(optimizer, std::span<Real>(state));
        copy_bytes(weights, target);
      },
      optimizer_);
  step_ = step;
  seconds_ = seconds;
}

}  // namespace isoloss
