// The model on the device against the CPU's in plain operations, which are tested against NumPy,
// PyTorch and finite differences (tests/model/layers, tests/reference): loss, losses of tokens and
// the gradient of every tensor.
#include "model/device/device_model.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <cmath>
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
  for (const CatalogueEntry& entry : architectures()) {
    // Its tanh of the attention weights has no kernel.
    if (entry.name == "primer-discovered")
      all.push_back(changed(entry.name, {{"attention_tanh", "false"}}));
    else
      all.push_back(changed(entry.name, {}));
  }
  all.push_back(changed("transformer", {{"norm_placement", "post"}}));
  all.push_back(changed("transformer", {{"norm_placement", "both"}, {"attention_bias", "true"}}));
  all.push_back(changed("transformer", {{"norm", "none"}, {"rezero", "true"}}));
  all.push_back(changed("primer", {{"rezero", "true"}, {"token_shift", "true"}}));
  all.push_back(changed("primer", {{"positions", "rotary"}}));
  all.push_back(changed("primer-ez", {{"attention_bias", "true"}, {"convolution_on", "qv"}}));
  all.push_back(changed("primer-ez", {{"convolution_shared", "true"}}));
  all.push_back(changed("llama", {{"d_model", "32"}, {"kv_heads", "2"}}));
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

// |a - b| over all of a tensor, relative to |b|.
void expect_close(const ParameterTable& table, std::span<const float> all,
                  std::span<const float> all_expected, double tolerance, double floor) {
  ASSERT_EQ(all.size(), all_expected.size());
  for (const Parameter& p : table.parameters) {
    const auto at = static_cast<std::size_t>(p.offset), size = static_cast<std::size_t>(p.size());
    const auto a = all.subspan(at, size), b = all_expected.subspan(at, size);
    std::vector<float> difference(size);
    for (std::size_t i = 0; i < size; ++i) difference[i] = a[i] - b[i];
    EXPECT_LE(norm(difference), tolerance * norm(b) + floor) << p.name << ": " << norm(b);
  }
}

class DeviceModelOf : public testing::TestWithParam<Case> {
 protected:
  void compare(Precision precision, DeviceNumbers numbers, double tolerance, double floor) {
    const ModelSpec& spec = GetParam().spec;
    LanguageModel expected(spec, 3, {.precision = precision, .kernels = Kernels::Reference});
    DeviceModel model(spec, 3, {numbers, 2});
    const std::span<float> weights = expected.weights32();
    EXPECT_EQ(model.weights(), std::vector<float>(weights.begin(), weights.end()));
    const std::vector<float> other = tiny_weights(expected.table());
    std::copy(other.begin(), other.end(), weights.begin());
    model.set_weights(other);

    const std::vector<std::int32_t> tokens = tiny_tokens(spec, 4, 1);  // two micro-batches
    constexpr double kZLoss = 0.01;
    const double loss = model.loss_and_gradients(tokens, kZLoss);
    const double expected_loss = expected.loss_and_gradients(tokens, {kZLoss, 2});
    EXPECT_NEAR(loss, expected_loss, tolerance * expected_loss);
    expect_close(expected.table(), model.gradients(), expected.gradients32(), tolerance, floor);

    const std::vector<float> losses = model.token_losses(tokens);
    const std::vector<float> expected_losses = expected.token_losses(tokens, spec.sequence);
    ASSERT_EQ(losses.size(), expected_losses.size());
    for (std::size_t i = 0; i < losses.size(); ++i)
      EXPECT_NEAR(losses[i], expected_losses[i], 10 * tolerance) << i;
  }
};

TEST_P(DeviceModelOf, InFloat32IsTheCpus) {
  compare(Precision::Float32, DeviceNumbers::Float32, 1e-5, 1e-7);
}

// The CPU rounds operands alone; the device also what it stores between kernels.
TEST_P(DeviceModelOf, InBfloat16IsTheCpusButForRounding) {
  compare(Precision::BFloat16, DeviceNumbers::BFloat16, 3e-2, 1e-3);
}

INSTANTIATE_TEST_SUITE_P(Catalogue, DeviceModelOf, testing::ValuesIn(cases()), name_of);

}  // namespace
}  // namespace isoloss
