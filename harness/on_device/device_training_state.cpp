#include "harness/on_device/device_training_state.h"

#include <algorithm>
#include <chrono>
#include <exception>
#include <stdexcept>
#include <utility>

#include "harness/devices/step_exchange.h"
#include "harness/on_device/device_options.h"
#include "harness/training/learning_rate.h"
#include "harness/training/optimizer.h"
#include "harness/training/rank_part.h"
#include "model/kernels/cuda/memory_ledger.h"

namespace isoloss {

DeviceTrainingState::DeviceTrainingState(const RunSpec& spec, RankGroups ranks,
                                         const DeviceJoining& joining, const WatchedRun& run,
                                         OptimizerState kept)
    : TrainingState(std::move(ranks)), spec_(spec), kept_(kept) {
  device_ledger()->forget_most();
  if (ranks_.all().size() > 1)
    joined_ = std::make_unique<RunDevices>(ranks_.all(), ranks_.tensor(), ranks_.data(),
                                           joining.job_rank, joining.links, run);
  DeviceModelOptions of_model = device_model_options(spec, ranks_.data().size());
  if (ranks_.tensor().size() > 1) {
    of_model.tensor = {{ranks_.tensor().rank(), ranks_.tensor().size()},
                       joined_->groups().tensor().get()};
    if (ranks_.data().size() > 1)
      of_model.tensor.group =
          &turns_.emplace(*joined_->groups().tensor(), joining.order, as_device_stream(exchange_),
                          [this] { return average_ && average_->under_way(); });
  }
  DeviceModel model(spec.model, spec.seed, of_model);
  DeviceTrainingOptions options = device_training_options(spec);
  if (ranks_.data().size() > 1) {
    DeviceCommunicator& data = *joined_->groups().data();
    if (shares()) options.shared = {share_out(model.table(), data.size()), &data};
    shares_ = options.shared.shares;
    const DeviceValues gradients{model.buffers().gradients,
                                 static_cast<std::size_t>(model.table().buffer_size)};
    average_.emplace(data, joining.order, gradients, as_device_stream(exchange_),
                     ranges_of(shares_), joining.bucket_elements);
    options.exchange = exchange_through(*average_);
  }
  training_.emplace(std::move(model), options);
}

// Steps under way may wait for a rank that is gone, and their memory waits for them to end.
DeviceTrainingState::~DeviceTrainingState() {
  if (joined_ && std::uncaught_exceptions() > errors_before_)
    joined_->watch().fail("an error ended its part");
}

template <typename Work>
auto DeviceTrainingState::together(const Work& work) {
  if (!joined_) return work();
  try {
    return work();
  } catch (const std::exception& problem) {
    joined_->watch().fail(problem.what());  // the others wait on their devices
    throw;
  }
}

std::int64_t DeviceTrainingState::peak_memory() const {
  return static_cast<std::int64_t>(device_ledger()->most());
}

void DeviceTrainingState::add_seconds(double seconds) {
  if (under_way() == 0) TrainingState::add_seconds(seconds);
}

void DeviceTrainingState::start(std::span<const std::int32_t> tokens) {
  const std::int64_t step = step_ + under_way();
  if (under_way() == 0) since_ = Clock::now();
  if (joined_) joined_->watch().begun(step);
  together([&] {
    training_->start(tokens, step, learning_rate_at(spec_.optimizer, step));
    return true;
  });
}

TrainingState::Update DeviceTrainingState::next() {
  const DeviceMetrics metrics = together([&] { return training_->finish(); });
  if (joined_) {
    joined_->watch().ended(metrics.step);
    joined_->watch().check();
  }
  Update result;
  result.metrics.step = metrics.step + 1;
  result.metrics.loss = metrics.loss;
  result.metrics.gradient_norm = metrics.gradient_norm;
  result.finite = metrics.finite;
  if (result.finite) {
    result.metrics.learning_rate = learning_rate_at(spec_.optimizer, metrics.step);
    ++step_;
  }
  const auto now = Clock::now();
  seconds_ += std::chrono::duration<double>(now - since_).count();
  since_ = now;
  result.metrics.seconds = seconds_;
  return result;
}

std::optional<TrainingState::Update> DeviceTrainingState::begin(
    std::span<const std::int32_t> tokens) {
  start(tokens);
  if (under_way() < DeviceTraining::kSteps) return std::nullopt;
  return next();
}

TrainingState::Update DeviceTrainingState::update(std::span<const std::int32_t> tokens) {
  start(tokens);
  return next();
}

std::vector<float> DeviceTrainingState::token_losses(std::span<const std::int32_t> tokens,
                                                     std::int64_t length) {
  if (length != spec_.model.sequence)
    throw std::invalid_argument("rows on the device have the model's length");
  DeviceModel& model = training_->model();
  const auto pass = static_cast<std::size_t>(model.rows().tokens());
  std::vector<std::int32_t> whole(tokens.begin(), tokens.end());
  whole.resize((tokens.size() + pass - 1) / pass * pass, 0);  // rows of which nobody asks
  if (joined_) joined_->watch().begun(step_);
  std::vector<float> losses = together([&] { return model.token_losses(whole); });
  if (joined_) {
    joined_->watch().ended(step_);
    joined_->watch().check();
  }
  losses.resize(tokens.size());
  return losses;
}

std::int64_t DeviceTrainingState::computes_multiples_of() const {
  return device_model_options(spec_, ranks_.data().size()).sequences * spec_.model.sequence;
}

const LanguageModel& DeviceTrainingState::model() {
  if (!host_) {
    ModelOptions options;
    if (spec_.dtype == "bfloat16") options.precision = Precision::BFloat16;
    if (ranks_.tensor().size() > 1) options.tensor_ranks = &ranks_.tensor();
    host_.emplace(spec_.model, spec_.seed, options);
  }
  if (host_step_ != step_) {
    std::ranges::copy(training_->model().weights(), host_->weights32().begin());
    host_step_ = step_;
  }
  return *host_;
}

StateTables DeviceTrainingState::tables() const {
  const ParameterTable whole = parameter_table(spec_.model);
  return {whole, optimizer_state_table(whole, spec_.optimizer)};
}

ParameterTable DeviceTrainingState::state_table() {
  const auto mine = static_cast<std::size_t>(ranks_.data().rank());
  return optimizer_state_table(shares_.empty() ? training_->model().table() : shares_[mine],
                               spec_.optimizer);
}

StatePart DeviceTrainingState::part() {
  // Ranks that have what others save need no copy of it.
  const ParameterTable state = state_table();
  const bool saves_state = shares() || ranks_.data().rank() == 0;
  if (ranks_.data().rank() == 0) saved_weights_ = training_->model().weights();
  if (saves_state) saved_optimizer_ = training_->optimizer_state();
  return saved_part<float>(ranks_, tables(),
                           {training_->model().table(), saved_weights_, state, saved_optimizer_},
                           shares());
}

void DeviceTrainingState::take_tensors(std::int64_t step, double seconds,
                                       const TensorSource& fill) {
  const ParameterTable state = state_table();
  std::vector<float> weights(static_cast<std::size_t>(training_->model().table().buffer_size),
                             0.0F);
  std::vector<float> optimizer(static_cast<std::size_t>(state.buffer_size), 0.0F);
  take_part<float>(ranks_, tables(), {training_->model().table(), weights, state, optimizer}, fill);
  training_->model().set_weights(weights);
  training_->set_optimizer_state(optimizer);
  go_on_from(step, seconds);
  host_step_.reset();
}

}  // namespace isoloss
