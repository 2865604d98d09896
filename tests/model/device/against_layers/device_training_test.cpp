// Steps on the device against the CPU's: gradients of plain operations, clipping and the optimizers
// of the harness, which are tested against their papers (tests/harness).
#include "model/device/device_training.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "harness/on_device/device_options.h"
#include "harness/training/gradient_norm.h"
#include "harness/training/optimizer.h"
#include "model/layers/language_model.h"
#include "tests/model/device/tiny_models.h"

namespace isoloss {
namespace {

struct Run {
  std::vector<double> losses, norms;
  std::vector<float> weights, state;
};

constexpr int kSteps = 3;
constexpr std::int64_t kMicroBatches = 2;

Run cpu_run(const ModelSpec& spec, OptimizerSpec optimizer) {
  optimizer.schedule = ScheduleKind::Constant;
  optimizer.warmup_steps = 0;
  LanguageModel model(spec, 1, {.kernels = Kernels::Reference});
  const std::vector<float> weights = tiny_weights(model.table());
  std::copy(weights.begin(), weights.end(), model.weights32().begin());
  Run run;
  run.state.resize(static_cast<std::size_t>(optimizer_state_size(model.table(), optimizer)));
  for (int step = 0; step < kSteps; ++step) {
    run.losses.push_back(
        model.loss_and_gradients(tiny_tokens(spec, 4, step), {optimizer.z_loss, kMicroBatches}));
    run.norms.push_back(global_norm<float>(model.table(), model.gradients32()));
    clip_gradients<float>(model.gradients32(), run.norms.back(), optimizer.clip_norm);
    optimizer_step<float>(model.table(), optimizer, step, model.gradients32(), model.weights32(),
                          run.state);
  }
  run.weights.assign(model.weights32().begin(), model.weights32().end());
  return run;
}

Run device_run(const ModelSpec& spec, const OptimizerSpec& optimizer) {
  RunSpec of_run;
  of_run.optimizer = optimizer;
  of_run.accumulate = kMicroBatches;
  DeviceModel model(spec, 1, {DeviceNumbers::Float32, 2});
  model.set_weights(tiny_weights(model.table()));
  DeviceTraining training(std::move(model), device_training_options(of_run));
  Run run;
  for (int step = 0; step < kSteps; ++step) {
    training.start(tiny_tokens(spec, 4, step), step, optimizer.learning_rate);
    const DeviceMetrics metrics = training.finish();
    EXPECT_TRUE(metrics.finite);
    EXPECT_EQ(metrics.step, step);
    run.losses.push_back(metrics.loss);
    run.norms.push_back(metrics.gradient_norm);
  }
  run.weights = training.model().weights();
  run.state = training.optimizer_state();
  return run;
}

double difference(const std::vector<float>& a, const std::vector<float>& b) {
  EXPECT_EQ(a.size(), b.size());
  double sum = 0, of_b = 0;
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    sum += std::pow(static_cast<double>(a[i]) - static_cast<double>(b[i]), 2);
    of_b += std::pow(static_cast<double>(b[i]), 2);
  }
  return std::sqrt(sum / of_b);
}

void expect_the_cpus_run(const OptimizerSpec& optimizer,
                         const std::vector<std::string>& architectures, double tolerance) {
  for (const std::string& architecture : architectures) {
    const ModelSpec spec = tiny_spec(architecture);
    const Run expected = cpu_run(spec, optimizer), run = device_run(spec, optimizer);
    for (std::size_t i = 0; i < kSteps; ++i) {
      EXPECT_NEAR(run.losses[i], expected.losses[i], tolerance * expected.losses[i]) << i;
      EXPECT_NEAR(run.norms[i], expected.norms[i], tolerance * expected.norms[i]) << i;
    }
    EXPECT_LE(difference(run.weights, expected.weights), tolerance) << architecture;
    EXPECT_LE(difference(run.state, expected.state), tolerance) << architecture;
  }
}

OptimizerSpec clipped() {
  OptimizerSpec optimizer;
  optimizer.clip_norm = 0.5;
  optimizer.z_loss = 1e-4;
  return optimizer;
}

TEST(DeviceTraining, StepsOfAdamWAreTheCpus) {
  OptimizerSpec optimizer = clipped();
  optimizer.kind = OptimizerKind::AdamW;
  optimizer.learning_rate = 0.003;
  optimizer.weight_decay = 0.1;
  optimizer.epsilon = 1e-4;  // near zero gradients the update is otherwise their sign
  expect_the_cpus_run(optimizer, {"primer", "gpt2"}, 2e-5);
}

TEST(DeviceTraining, StepsOfAdafactorAreTheCpus) {
  OptimizerSpec optimizer = clipped();
  optimizer.learning_rate = 0.01;
  optimizer.min_dim_factored = 16;  // matrices with both sides of 16 and more are factored
  // The first update is nearly the gradient's sign, which amplifies rounding; so no gpt2, whose key
  // biases have gradients of zero but for rounding (softmax does not see what all keys share).
  expect_the_cpus_run(optimizer, {"primer", "llama"}, 1e-3);
}

}  // namespace
}  // namespace isoloss
