// The model on the device against the CPU's in plain operations, which are tested against NumPy,
// PyTorch and finite differences (tests/model/layers, tests/reference): loss, losses of tokens and
// the gradient of every tensor. In float64 the CPU gives what is exact; how far the CPU is from
// that in the device's precision says how much rounding matters for a tensor.
#include "model/device/device_model.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "model/layers/language_model.h"
#include "model/spec/spec_fields.h"
#include "tests/model/device/tiny_models.h"

namespace isoloss {
namespace {

struct Case {
  std::string name;
  ModelSpec spec;
};

Case changed(const std::string& architecture,
             const std::vector<std::pair<std::string, std::string>>& changes) {
  Case made{architecture, tiny_spec(architecture)};
  for (const auto& [field, value] : changes) {
    set_field(made.spec, field, value);
    made.name += "_" + field + "_" + value;
  }
  for (char& letter : made.name)
    if (!std::isalnum(static_cast<unsigned char>(letter))) letter = '_';
  return made;
}

std::vector<Case> cases() {
  std::vector<Case> all;
  for (const CatalogueEntry& entry : architectures()) all.push_back(changed(entry.name, {}));
  all.push_back(changed("transformer", {{"norm_placement", "post"}}));
  all.push_back(changed("transformer", {{"norm_placement", "both"}, {"attention_bias", "true"}}));
  all.push_back(changed("transformer", {{"norm", "none"}, {"rezero", "true"}}));
  all.push_back(changed("primer", {{"rezero", "true"}, {"token_shift", "true"}}));
  all.push_back(changed("primer", {{"positions", "rotary"}}));
  all.push_back(changed("primer-ez", {{"attention_bias", "true"}, {"convolution_on", "qv"}}));
  all.push_back(changed("primer-ez", {{"convolution_shared", "true"}}));
  all.push_back(changed("llama", {{"kv_heads", "1"}}));
  all.push_back(changed("transformer++", {{"d_ff_gated", "22"}}));
  all.push_back(changed("transformer", {{"d_ff", "29"}, {"activation", "sigmoid"}}));
  all.push_back(changed("gpt2", {{"positions", "sinusoidal"}, {"branch_scale", "0.5"}}));
  return all;
}

std::string name_of(const testing::TestParamInfo<Case>& info) { return info.param.name; }

double norm(std::span<const float> values) {
  double sum = 0;
  for (const float value : values) sum += static_cast<double>(value) * static_cast<double>(value);
  return std::sqrt(sum);
}

std::vector<float> as_floats(std::span<const double> values) {
  return std::vector<float>(values.begin(), values.end());
}

double distance(std::span<const float> a, std::span<const float> b) {
  std::vector<float> difference(a.size());
  for (std::size_t i = 0; i < a.size(); ++i) difference[i] = a[i] - b[i];
  return norm(difference);
}

// At most so much of the exact gradient's norm, and so many times the CPU's own error.
struct Allowed {
  double of_norm, of_cpus_error, floor;
};

class DeviceModelOf : public testing::TestWithParam<Case> {
 protected:
  static constexpr double kZLoss = 0.01;

  void compare(Precision precision, DeviceNumbers numbers, const Allowed& allowed) {
    const ModelSpec& spec = GetParam().spec;
    LanguageModel exact(spec, 3, {.precision = Precision::Float64, .kernels = Kernels::Reference});
    LanguageModel cpu(spec, 3, {.precision = precision, .kernels = Kernels::Reference});
    DeviceModel model(spec, 3, {numbers, 2});
    EXPECT_EQ(model.weights(), std::vector<float>(cpu.weights32().begin(), cpu.weights32().end()));
    const std::vector<float> weights = tiny_weights(cpu.table());
    std::copy(weights.begin(), weights.end(), cpu.weights32().begin());
    std::copy(weights.begin(), weights.end(), exact.weights64().begin());
    model.set_weights(weights);

    const std::vector<std::int32_t> tokens = tiny_tokens(spec, 4, 1);  // two micro-batches
    const double exact_loss = exact.loss_and_gradients(tokens, {kZLoss, 2});
    const double cpu_loss = cpu.loss_and_gradients(tokens, {kZLoss, 2});
    EXPECT_NEAR(
        model.loss_and_gradients(tokens, kZLoss), exact_loss,
        allowed.of_norm * exact_loss + allowed.of_cpus_error * std::abs(cpu_loss - exact_loss));

    const std::vector<float> gradients = model.gradients();
    const std::vector<float> exact_gradients = as_floats(exact.gradients64());
    for (const Parameter& p : cpu.table().parameters) {
      const auto part = [&p](std::span<const float> all) {
        return all.subspan(static_cast<std::size_t>(p.offset), static_cast<std::size_t>(p.size()));
      };
      const auto wanted = part(exact_gradients);
      const double cpus_error = distance(part(cpu.gradients32()), wanted);
      EXPECT_LE(distance(part(gradients), wanted),
                allowed.of_norm * norm(wanted) + allowed.of_cpus_error * cpus_error + allowed.floor)
          << p.name << ": norm " << norm(wanted) << ", the CPU's error " << cpus_error;
    }

    const std::vector<float> losses = model.token_losses(tokens);
    const std::vector<float> exact_losses = exact.token_losses(tokens, spec.sequence);
    const std::vector<float> cpu_losses = cpu.token_losses(tokens, spec.sequence);
    EXPECT_LE(distance(losses, exact_losses),
              allowed.of_norm * norm(exact_losses) +
                  allowed.of_cpus_error * distance(cpu_losses, exact_losses));
  }
};

TEST_P(DeviceModelOf, InFloat32IsTheCpus) {
  compare(Precision::Float32, DeviceNumbers::Float32, {1e-5, 4, 1e-7});
}

// The CPU rounds what products read alone, the device also what it stores between kernels.
TEST_P(DeviceModelOf, InBfloat16IsTheCpusButForRounding) {
  compare(Precision::BFloat16, DeviceNumbers::BFloat16, {2e-2, 4, 1e-3});
}

INSTANTIATE_TEST_SUITE_P(Catalogue, DeviceModelOf, testing::ValuesIn(cases()), name_of);

}  // namespace
}  // namespace isoloss
