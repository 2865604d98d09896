// The predicted bytes of a training run against the resident memory that this process grows by, as
// the kernel of the operating system counts it.
#include <gtest/gtest.h>
#include <malloc.h>

#include <fstream>
#include <sstream>
#include <string>

#include "model/cost/memory.h"
#include "tests/model/layers/small_models.h"

namespace isoloss {
namespace {

// "VmRSS" (resident now) or "VmHWM" (resident at most since the last reset), in bytes; 0 where the
// system does not say.
double resident(const std::string& field) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with(field + ":")) return 1024 * std::stod(line.substr(field.size() + 1));
  return 0;
}

bool reset_peak() { return static_cast<bool>(std::ofstream("/proc/self/clear_refs") << "5"); }

struct Case {
  const char* name;
  const char* architecture;
  Precision precision = Precision::Float32;
  bool recompute = false;
  std::int64_t micro_batches = 1;
};

class MeasuredMemory : public testing::TestWithParam<Case> {};

// Activations rule: 2048 tokens of a model of 0.9 M parameters.
TEST_P(MeasuredMemory, IsWithinAFifthOfThePrediction) {
  const Case& test = GetParam();
  ModelSpec spec = named_architecture(test.architecture);
  spec.layers = 4;
  spec.d_model = 128;
  spec.d_head = 32;
  spec.sequence = 128;
  spec.vocabulary = 1024;
  MemoryOptions options;
  options.batch_tokens = 2048;
  options.micro_batches = test.micro_batches;
  options.bfloat16 = test.precision == Precision::BFloat16;
  options.recompute = test.recompute;
  options.optimizer_states = 0;
  const MemoryBytes bytes = training_memory(spec, options);

  const auto one_step = [&](std::int64_t micro_batches, std::size_t tokens) {
    LanguageModel model(spec, 1, {test.precision, Kernels::Fused, test.recompute});
    StepOptions step;
    step.micro_batches = micro_batches;
    model.loss_and_gradients(std::vector<std::int32_t>(tokens, 7), step);
  };
  one_step(1, 128);  // code that is read and generated at its first use
  malloc_trim(0);    // what earlier steps gave back
  const double before = resident("VmRSS");
  if (!reset_peak() || before == 0) GTEST_SKIP() << "no peak of resident memory to read here";
  one_step(test.micro_batches, 2048);
  const double measured = resident("VmHWM") - before;
  EXPECT_NEAR(measured / (bytes.total() - bytes.process), 1, 0.2)
      << measured / 1e6 << " MB measured, " << bytes.weights / 1e6 << " + " << bytes.gradients / 1e6
      << " + " << bytes.activations / 1e6 << " predicted, " << before / 1e6 << " before";
}

std::string name_of(const testing::TestParamInfo<Case>& info) { return info.param.name; }

INSTANTIATE_TEST_SUITE_P(
    Each, MeasuredMemory,
    testing::Values(Case{"transformer", "transformer"}, Case{"transformer_pp", "transformer++"},
                    Case{"primer", "primer"}, Case{"primer_ez", "primer-ez"}, Case{"gpt2", "gpt2"},
                    Case{"llama", "llama"}, Case{"bfloat16", "transformer", Precision::BFloat16},
                    Case{"recompute", "transformer", Precision::Float32, true},
                    Case{"micro_batches", "transformer", Precision::Float32, false, 4}),
    name_of);

}  // namespace
}  // namespace isoloss
