#include "harness/bench/bench.h"

#include <algorithm>
#include <chrono>

#include "harness/training/gradient_norm.h"
#include "harness/training/optimizer.h"
#include "model/spec/counter_random.h"

namespace isoloss {
namespace {

OptimizerSpec adamw() {
  OptimizerSpec spec;
  spec.kind = OptimizerKind::AdamW;
  spec.schedule = ScheduleKind::Constant;
  spec.learning_rate = 6e-4;
  spec.clip_norm = 1;
  spec.weight_decay = 0.1;
  return spec;
}

LanguageModel make_model(const BenchCase& bench) {
  set_intra_op_threads(bench.threads);
  ModelOptions options;
  options.precision = bench.precision;
  return {bench.spec, 0, options};
}

}  // namespace

Spread spread_of(std::vector<double> sample) {
  std::sort(sample.begin(), sample.end());
  const auto at = [&](double share) {
    const double place = share * static_cast<double>(sample.size() - 1);
    const auto below = static_cast<std::size_t>(place);
    const std::size_t above = std::min(below + 1, sample.size() - 1);
    const double part = place - static_cast<double>(below);
    return sample[below] * (1 - part) + sample[above] * part;
  };
  return {at(0.5), at(0.25), at(0.75)};
}

BenchModel::BenchModel(const BenchCase& bench) : bench_(bench), model_(make_model(bench)) {
  state_.resize(static_cast<std::size_t>(optimizer_state_size(model_.table(), adamw())));
  tokens_.resize(static_cast<std::size_t>(bench.tokens()));
  const auto vocabulary = static_cast<std::uint64_t>(bench.spec.vocabulary);
  for (std::uint64_t i = 0; i < tokens_.size(); ++i)
    tokens_[i] = static_cast<std::int32_t>(random_below(0, 0, i, vocabulary));
}

void BenchModel::step() {
  model_.loss_and_gradients(tokens_, {});
  const std::span<float> gradients = model_.gradients32();
  const double norm = global_norm<float>(model_.table(), gradients);
  clip_gradients(gradients, norm, adamw().clip_norm);
  optimizer_step<float>(model_.table(), adamw(), steps_++, gradients, model_.weights32(), state_);
}

std::vector<double> BenchModel::step_seconds(int steps) {
  using Clock = std::chrono::steady_clock;
  set_intra_op_threads(bench_.threads);
  step();
  std::vector<double> seconds;
  for (int i = 0; i < steps; ++i) {
    const Clock::time_point start = Clock::now();
    step();
    seconds.push_back(std::chrono::duration<double>(Clock::now() - start).count());
  }
  return seconds;
}

}  // namespace isoloss
