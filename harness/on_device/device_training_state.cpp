#include "harness/on_device/device_training_state.h"

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <utility>

#include "harness/devices/step_exchange.h"
#include "harness/learning_rate.h"
#include "harness/on_device/device_options.h"
#include "harness/optimizer.h"

namespace isoloss {
namespace {

// The table's tensors alone, one after the other.
ParameterTable without_gaps(ParameterTable table) {
  table.buffer_size = 0;
  for (Parameter& p : table.parameters) {
    p.offset = table.buffer_size;
    table.buffer_size += p.size();
  }
  return table;
}

std::span<float> tensor_of(const Parameter& p, std::span<float> buffer) {
  return buffer.subspan(static_cast<std::size_t>(p.offset), static_cast<std::size_t>(p.size()));
}

}  // namespace

DeviceTrainingState::DeviceTrainingState(const RunSpec& spec, RankGroups ranks,
                                         const DeviceJoining& joining, const WatchedRun& run)
    : TrainingState(std::move(ranks)), spec_(spec) {
  if (ranks_.all().size() > 1)
    joined_ = std::make_unique<RunDevices>(ranks_.all(), ranks_.tensor(), ranks_.data(),
                                           joining.job_rank, joining.links, run);
  DeviceModel model(spec.model, spec.seed, device_model_options(spec, ranks_.data().size()));
  DeviceTrainingOptions options = device_training_options(spec);
  if (joined_) {
    const DeviceValues gradients{model.buffers().gradients,
                                 static_cast<std::size_t>(model.table().buffer_size)};
    average_.emplace(*joined_->groups().data(), joining.order, gradients,
                     as_device_stream(exchange_));
    options.exchange = exchange_through(*average_);
  }
  training_.emplace(std::move(model), options);
}

TrainingState::Update DeviceTrainingState::update(std::span<const std::int32_t> tokens) {
  const auto start = std::chrono::steady_clock::now();
  Update result;
  result.metrics.step = step_ + 1;
  const double learning_rate = learning_rate_at(spec_.optimizer, step_);
  if (joined_) joined_->watch().begun(step_);
  DeviceMetrics metrics;
  try {
    training_->start(tokens, step_, learning_rate);
    metrics = training_->finish();
  } catch (const std::exception& problem) {
    if (joined_) joined_->watch().fail(problem.what());  // the others wait on their devices
    throw;
  }
  if (joined_) {
    joined_->watch().ended(step_);
    joined_->watch().check();
  }
  result.metrics.loss = metrics.loss;
  result.metrics.gradient_norm = metrics.gradient_norm;
  result.finite = metrics.finite;
  if (result.finite) {
    result.metrics.learning_rate = learning_rate;
    ++step_;
  }
  seconds_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  result.metrics.seconds = seconds_;
  return result;
}

std::vector<float> DeviceTrainingState::token_losses(std::span<const std::int32_t> tokens,
                                                     std::int64_t length) {
  if (length != spec_.model.sequence)
    throw std::invalid_argument("rows on the device have the model's length");
  DeviceModel& model = training_->model();
  const auto pass = static_cast<std::size_t>(model.rows().tokens());
  std::vector<std::int32_t> whole(tokens.begin(), tokens.end());
  whole.resize((tokens.size() + pass - 1) / pass * pass, 0);  // rows of which nobody asks
  std::vector<float> losses = model.token_losses(whole);
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

// Every rank has all of it: the first one saves it.
StatePart DeviceTrainingState::part() {
  StatePart part;
  if (!ranks_.leads()) return part;
  part.tables = tables();
  saved_weights_ = training_->model().weights();
  saved_optimizer_ = training_->optimizer_state();
  for (const Parameter& p : part.tables.weights.parameters)
    part.tensors.push_back(std::as_bytes(tensor_of(p, saved_weights_)));
  for (const Parameter& p : part.tables.optimizer.parameters)
    part.tensors.push_back(std::as_bytes(tensor_of(p, saved_optimizer_)));
  if (ranks_.all().size() > 1) part.tables.weights = without_gaps(part.tables.weights);
  return part;
}

void DeviceTrainingState::take_tensors(std::int64_t step, double seconds,
                                       const TensorSource& fill) {
  const StateTables whole = tables();
  const auto taken = [&](const ParameterTable& table) {
    std::vector<float> buffer(static_cast<std::size_t>(table.buffer_size), 0.0F);
    for (const Parameter& p : table.parameters) {
      const auto tensor = std::as_writable_bytes(tensor_of(p, buffer));
      if (ranks_.leads()) fill(tensor);
      ranks_.all().broadcast(tensor, 0);
    }
    return buffer;
  };
  training_->model().set_weights(taken(whole.weights));
  training_->set_optimizer_state(taken(whole.optimizer));
  go_on_from(step, seconds);
  host_step_.reset();
}

}  // namespace isoloss
