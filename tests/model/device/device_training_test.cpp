// What holds of a training step on the device whatever its numbers are.
#include "model/device/device_training.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "model/spec/error.h"
#include "tests/model/device/tiny_models.h"
#include "tests/model/device/tiny_optimizers.h"

namespace isoloss {
namespace {

struct Outcome {
  std::vector<double> losses;
  std::vector<float> weights, state;
  bool operator==(const Outcome&) const = default;
};

DeviceTraining training(const std::string& architecture, DeviceNumbers numbers, bool graph,
                        bool adafactor = false) {
  const ModelSpec spec = tiny_spec(architecture);
  DeviceTrainingOptions options{
      .optimizer = kTinyAdamW, .clip_norm = 1, .z_loss = 1e-4, .micro_batches = 2, .graph = graph};
  if (adafactor) options.optimizer = kTinyAdafactor;
  return DeviceTraining(DeviceModel(spec, 5, {numbers, 1}), options);
}

// Four steps, of which two are under way at a time.
Outcome run(DeviceTraining training) {
  const ModelSpec spec = training.model().spec();
  Outcome outcome;
  for (int step = 0; step < 4; ++step) {
    training.start(tiny_tokens(spec, 2, step), step, 0.01);
    if (step > 0) outcome.losses.push_back(training.finish().loss);
  }
  outcome.losses.push_back(training.finish().loss);
  outcome.weights = training.model().weights();
  outcome.state = training.optimizer_state();
  return outcome;
}

TEST(DeviceTraining, AGraphDoesWhatTheStreamDoesBitForBit) {
  for (const bool adafactor : {false, true})
    EXPECT_TRUE(run(training("primer", DeviceNumbers::BFloat16, true, adafactor)) ==
                run(training("primer", DeviceNumbers::BFloat16, false, adafactor)));
}

TEST(DeviceTraining, ARepeatedRunHasTheSameBits) {
  EXPECT_TRUE(run(training("gpt2", DeviceNumbers::Float32, true)) ==
              run(training("gpt2", DeviceNumbers::Float32, true)));
}

TEST(DeviceTraining, LearnsWhatItSeesAgainAndAgain) {
  DeviceTraining trained = training("primer-ez", DeviceNumbers::BFloat16, true);
  const std::vector<std::int32_t> tokens = tiny_tokens(trained.model().spec(), 2, 0);
  std::vector<double> losses;
  for (int step = 0; step < 8; ++step) {
    trained.start(tokens, step, 0.01);
    losses.push_back(trained.finish().loss);
  }
  EXPECT_LT(losses.back(), losses.front() - 0.5);
}

TEST(DeviceTraining, ALossThatIsNotFiniteLeavesWeightsAndStateAlone) {
  for (const bool adafactor : {false, true}) {
    DeviceTraining trained = training("transformer++", DeviceNumbers::Float32, true, adafactor);
    const std::vector<std::int32_t> tokens = tiny_tokens(trained.model().spec(), 2, 0);
    for (int step = 0; step < 2; ++step) {
      trained.start(tokens, step, 0.01);
      EXPECT_TRUE(trained.finish().finite);
    }
    std::vector<float> weights = trained.model().weights();
    const std::vector<float> state = trained.optimizer_state();
    weights[0] = std::numeric_limits<float>::infinity();
    trained.model().set_weights(weights);
    trained.start(tokens, 2, 0.01);
    EXPECT_FALSE(trained.finish().finite);
    EXPECT_EQ(trained.model().weights(), weights);
    EXPECT_EQ(trained.optimizer_state(), state);
  }
}

// A bias that is no number before squared ReLU: were it cut off to zero, as by a maximum that
// passes NaN over, loss and gradients would be finite, its own gradient zero.
TEST(DeviceTraining, ABiasThatIsNoNumberBeforeACutOffIsSeen) {
  for (const DeviceNumbers numbers : {DeviceNumbers::Float32, DeviceNumbers::BFloat16})
    for (const char* tensor : {"layers.1.feed_forward.in_bias", "layers.1.feed_forward.in"}) {
      DeviceTraining trained = training("primer-ez", numbers, true);
      const ParameterTable& table = trained.model().table();
      const auto broken = std::ranges::find(table.parameters, tensor, &Parameter::name);
      ASSERT_NE(broken, table.parameters.end());
      std::vector<float> weights = trained.model().weights();
      weights[static_cast<std::size_t>(broken->offset)] = std::numeric_limits<float>::quiet_NaN();
      trained.model().set_weights(weights);
      trained.start(tiny_tokens(trained.model().spec(), 2, 0), 0, 0.01);
      EXPECT_FALSE(trained.finish().finite) << tensor;
    }
}

// An id whose embedding is infinite, in the first of three steps that are under way at once: the
// others' own losses are finite. Once all were heard of, training goes on.
TEST(DeviceTraining, StepsBehindOneThatIsNotFiniteChangeNothing) {
  ModelSpec spec = tiny_spec("transformer");
  spec.tied = false;
  DeviceTraining trained(DeviceModel(spec, 5, {DeviceNumbers::Float32, 2}),
                         {.optimizer = kTinyAdamW});
  std::vector<float> weights = trained.model().weights();
  weights[static_cast<std::size_t>(7 * spec.d_model)] = std::numeric_limits<float>::infinity();
  trained.model().set_weights(weights);
  const std::vector<std::int32_t> good(static_cast<std::size_t>(2 * spec.sequence), 3);
  std::vector<std::int32_t> bad = good;
  bad[0] = 7;
  trained.start(bad, 0, 0.01);
  trained.start(good, 1, 0.01);
  trained.start(good, 2, 0.01);
  for (int step = 0; step < 3; ++step) {
    const DeviceMetrics metrics = trained.finish();
    EXPECT_FALSE(metrics.finite);
    EXPECT_EQ(std::isfinite(metrics.loss), step > 0);
  }
  EXPECT_EQ(trained.model().weights(), weights);
  trained.start(good, 3, 0.01);
  EXPECT_TRUE(trained.finish().finite);
  EXPECT_NE(trained.model().weights(), weights);
}

TEST(DeviceTraining, GoesOnFromACopyOfItsState) {
  DeviceTraining whole = training("primer", DeviceNumbers::Float32, true);
  const ModelSpec spec = whole.model().spec();
  const auto step = [&](DeviceTraining& of, int number) {
    of.start(tiny_tokens(spec, 2, number), number, 0.01);
    return of.finish().loss;
  };
  step(whole, 0);
  DeviceTraining other = training("primer", DeviceNumbers::Float32, true);
  other.model().set_weights(whole.model().weights());
  other.set_optimizer_state(whole.optimizer_state());
  EXPECT_EQ(step(other, 1), step(whole, 1));
  EXPECT_EQ(other.model().weights(), whole.model().weights());
}

TEST(DeviceTraining, WithoutNormsTheirPlaceMeansNothing) {
  const auto gradients = [](NormPlacement placement) {
    ModelSpec spec = tiny_spec("transformer");
    spec.norm = Norm::None;
    spec.rezero = true;
    spec.norm_placement = placement;
    DeviceModel model(spec, 0, {DeviceNumbers::Float32, 1});
    model.set_weights(tiny_weights(model.table()));
    model.loss_and_gradients(tiny_tokens(spec, 1, 0), 0);
    return model.gradients();
  };
  EXPECT_EQ(gradients(NormPlacement::Post), gradients(NormPlacement::Pre));
}

// The stand-in for other ranks copies what is announced as final; in the end it is what the whole
// pass left, and each announcement begins where the one before it ended.
TEST(DeviceTraining, AnnouncesGradientsFromTheEndOnceTheyAreFinal) {
  for (const char* architecture : {"primer", "llama"}) {
    const ModelSpec spec = tiny_spec(architecture);
    DeviceModel model(spec, 5, {DeviceNumbers::Float32, 1});
    const std::int64_t size = model.table().buffer_size;
    const DeviceArray<float> copied(size);
    const float* gradients = model.buffers().gradients;
    std::vector<std::int64_t> offsets;
    DeviceTrainingOptions options{.optimizer = kTinyAdamW, .micro_batches = 2, .graph = false};
    options.exchange.ready = [&](Stream& stream, std::int64_t offset) {
      const std::int64_t end = offsets.empty() ? size : offsets.back();
      ASSERT_LE(offset, end);
      stream.copy(copied.data() + offset, gradients + offset,
                  static_cast<std::size_t>(end - offset) * sizeof(float));
      offsets.push_back(offset);
    };
    DeviceTraining trained(std::move(model), options);
    trained.start(tiny_tokens(spec, 2, 0), 0, 0.01);
    trained.finish();
    EXPECT_EQ(offsets.size(), 4U);  // after the layers, two layers, before them
    EXPECT_EQ(offsets.back(), 0);
    EXPECT_EQ(to_host(copied), trained.model().gradients());
  }
}

TEST(DeviceTraining, KeepsAFewStepsUnderWayAndNoMore) {
  DeviceTraining trained = training("transformer", DeviceNumbers::Float32, true);
  const std::vector<std::int32_t> tokens = tiny_tokens(trained.model().spec(), 2, 0);
  EXPECT_THROW(trained.finish(), InputError);
  for (int step = 0; step < DeviceTraining::kSteps; ++step) trained.start(tokens, step, 0.01);
  EXPECT_EQ(trained.under_way(), DeviceTraining::kSteps);
  EXPECT_THROW(trained.start(tokens, DeviceTraining::kSteps, 0.01), InputError);
  EXPECT_EQ(trained.finish().step, 0);
  EXPECT_NO_THROW(trained.start(tokens, DeviceTraining::kSteps, 0.01));
}

}  // namespace
}  // namespace isoloss
