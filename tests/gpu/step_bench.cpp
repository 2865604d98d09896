#include "tests/gpu/step_bench.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <random>

#include "model/kernels/cuda/device_properties.h"
#include "tests/model/cost/reference_models.h"

namespace isoloss {
namespace {

constexpr std::int64_t kMostParts = 8;
constexpr double kLearningRate = 1e-4;
constexpr int kFewestSteps = 5;

double now() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

constexpr device::AdamWSettings kAdamW{0.9, 0.95, 1e-8, 0.1};  // Brown et al. 2020, appendix B

// What is timed of a reference model: its parts, but at most kMostParts of them.
OneGpuStep timed_step(const ReferenceModel& model) {
  const std::int64_t parts = std::min(model.shape.micro_batches, kMostParts);
  return {model.shape.batch_tokens / model.shape.micro_batches * parts, parts, true};
}

// A model in training with a batch of ids that every step takes anew.
struct Trial {
  Trial(const ReferenceModel& model, const OneGpuStep& step)
      : training(DeviceModel(
                     model.spec, 1,
                     {.numbers = DeviceNumbers::BFloat16,
                      .sequences = step.batch_tokens / step.micro_batches / model.spec.sequence}),
                 {.optimizer = kAdamW, .clip_norm = 1, .micro_batches = step.micro_batches}),
        ids(static_cast<std::size_t>(step.batch_tokens)) {
    std::mt19937 random(1);
    std::uniform_int_distribution<std::int32_t> id(
        0, static_cast<std::int32_t>(model.spec.vocabulary) - 1);
    for (std::int32_t& one : ids) one = id(random);
  }
  void start() { training.start(ids, steps++, kLearningRate); }
  // All but one of the steps that may be.
  void fill() {
    while (training.under_way() + 1 < DeviceTraining::kSteps) start();
  }
  void finish() { taken.add(training.finish()); }
  void drain() {
    while (training.under_way() > 0) finish();
  }

  DeviceTraining training;
  std::vector<std::int32_t> ids;
  std::int64_t steps = 0;
  StepsTaken taken;
};

double bytes_of(const std::vector<PlannedBuffer>& buffers) {
  double bytes = 0;
  for (const PlannedBuffer& buffer : buffers) bytes += static_cast<double>(buffer.bytes);
  return bytes;
}

// As many steps are always under way as in a run.
StepTiming time_steps(Trial& trial, double seconds) {
  for (int i = 0; i < 2; ++i) {  // kernels load, products choose, the graph is made
    trial.start();
    trial.finish();
  }
  trial.fill();
  std::vector<double> samples;
  StepTiming timing;
  timing.began = now();
  double before = 0;
  while (static_cast<int>(samples.size()) < kFewestSteps || now() - timing.began < seconds) {
    trial.start();
    trial.finish();
    const double after = now();
    if (before > 0) samples.push_back(after - before);  // the first began before the clock did
    before = after;
  }
  trial.drain();
  timing.ended = now();
  std::sort(samples.begin(), samples.end());
  timing.steps = static_cast<int>(samples.size());
  timing.low = samples[samples.size() / 4];
  timing.seconds = samples[samples.size() / 2];
  timing.high = samples[samples.size() * 3 / 4];
  return timing;
}

StepResult measure_model(const ReferenceModel& model, double seconds) {
  const std::size_t before = free_device_memory();
  Trial trial(model, timed_step(model));
  StepResult result;
  result.timing = time_steps(trial, seconds);
  result.tokens = static_cast<double>(trial.ids.size());
  result.planned_bytes =
      bytes_of(trial.training.model().memory()) + bytes_of(trial.training.memory());
  result.taken = trial.taken;
  result.taken_bytes = static_cast<double>(before) - static_cast<double>(free_device_memory());
  return result;
}

}  // namespace

void StepsTaken::add(const DeviceMetrics& metrics) {
  if (steps++ == 0) first_loss = metrics.loss;
  last_loss = metrics.loss;
  finite = finite && metrics.finite && std::isfinite(metrics.loss) &&
           std::isfinite(metrics.gradient_norm);
}

std::vector<std::string> step_names() {
  std::vector<std::string> names = {kPackedTrialsName};
  for (const ReferenceModel& model : reference_models()) names.push_back(model.name);
  return names;
}

std::vector<StepCase> step_cases() {
  std::vector<StepCase> cases;
  for (const ReferenceModel& model : reference_models())
    cases.push_back({model.name, model.spec, model.asked,
                     step_kernels(model.spec, timed_step(model)),
                     [model](double seconds) { return measure_model(model, seconds); }});
  return cases;
}

PackingResult measure_packing(double seconds) {
  const ReferenceModel model = reference_model(kPackedModel);
  std::vector<Trial> trials;
  for (int i = 0; i < kPackedTrials; ++i) trials.emplace_back(model, timed_step(model));
  PackingResult result;
  result.began = now();
  double alone = 0;
  for (Trial& trial : trials) alone += time_steps(trial, seconds / kPackedTrials / 2).seconds;
  const double tokens = static_cast<double>(trials.front().ids.size()) * kPackedTrials;
  result.alone = tokens / alone;
  for (Trial& trial : trials) trial.fill();
  const double began = now();
  int rounds = 0;
  for (; rounds < kFewestSteps || now() - began < seconds / 2; ++rounds) {
    for (Trial& trial : trials) trial.start();
    for (Trial& trial : trials) trial.finish();
  }
  result.together = tokens * rounds / (now() - began);
  for (Trial& trial : trials) trial.drain();
  result.ended = now();
  result.taken = trials.front().taken;
  for (const Trial& trial : trials) result.taken.finite &= trial.taken.finite;
  return result;
}

}  // namespace isoloss
