// The whole model on the device against an independent implementation in NumPy, forward and
// backward. Literal values are the output of `tests/model/layers/reference_numpy.py tiny`; its
// docstring says how weights and tokens are made.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include "model/device/device_model.h"
#include "tests/model/device/tiny_models.h"

namespace isoloss {
namespace {

struct GradientValue {
  const char* tensor;
  std::int64_t element;
  double gradient;
};

struct ExpectedModel {
  const char* architecture;
  double mean_loss;
  std::vector<double> losses;            // of row 0 at 0 and 20, of row 1 at 12
  std::vector<GradientValue> gradients;  // of mean loss + 0.01 mean log(Z)^2
};

const std::vector<ExpectedModel>& expected_models() {
  static const std::vector<ExpectedModel> values = {
      {"transformer",
       3.8251182263366994,
       {3.7982588970665705, 3.888012930555571, 3.816749185001809},
       {
           {"embedding", 17, 3.296641937e-03},
           {"relative_bias", 17, 1.249071957e-05},
           {"layers.0.attention.norm.scale", 15, -1.333690713e-04},
           {"layers.0.attention.norm.bias", 15, 1.804715244e-03},
           {"layers.0.attention.query", 17, 1.635499958e-04},
           {"layers.0.attention.key", 17, 1.432546526e-04},
           {"layers.0.attention.value", 17, 2.612941419e-04},
           {"layers.0.attention.output", 17, 1.786585846e-02},
           {"layers.0.feed_forward.norm.scale", 15, -1.131472915e-04},
           {"layers.0.feed_forward.norm.bias", 15, 2.190345016e-04},
           {"layers.0.feed_forward.in", 17, 1.164215391e-04},
           {"layers.0.feed_forward.in_bias", 17, -1.976288933e-03},
           {"layers.0.feed_forward.out", 17, -1.356942203e-03},
           {"layers.0.feed_forward.out_bias", 15, -7.608174335e-03},
           {"final_norm.scale", 15, 2.446103222e-02},
           {"final_norm.bias", 15, -1.372604306e-02},
       }},
      {"transformer++",
       3.7852646066189055,
       {3.860330113518379, 3.80501663989992, 3.6841156078044217},
       {
           {"embedding", 17, 8.581883870e-04},
           {"relative_bias", 17, 1.106426062e-06},
           {"layers.0.attention.norm.scale", 15, 1.370750624e-03},
           {"layers.0.attention.query", 17, -6.790723539e-06},
           {"layers.0.attention.key", 17, -1.524363968e-03},
           {"layers.0.attention.value", 17, 1.484061674e-03},
           {"layers.0.attention.output", 17, 1.500550342e-02},
           {"layers.0.feed_forward.norm.scale", 15, 6.205973513e-05},
           {"layers.0.feed_forward.gate", 17, -2.830486734e-04},
           {"layers.0.feed_forward.in", 17, -7.456739670e-04},
           {"layers.0.feed_forward.gate_bias", 17, -1.868350585e-03},
           {"layers.0.feed_forward.in_bias", 17, -1.421472606e-03},
           {"layers.0.feed_forward.out", 17, -4.588104940e-03},
           {"layers.0.feed_forward.out_bias", 15, -9.058146766e-03},
           {"final_norm.scale", 15, 1.045732367e-03},
       }},
      {"primer-ez",
       3.7947559848021566,
       {3.7191896725664857, 3.878637976985919, 3.859212218881702},
       {
           {"embedding", 17, 4.384351326e-03},
           {"relative_bias", 17, 3.655256098e-05},
           {"layers.0.attention.norm.scale", 15, -5.533666636e-04},
           {"layers.0.attention.norm.bias", 15, 2.943759236e-04},
           {"layers.0.attention.query", 17, 1.643708725e-04},
           {"layers.0.attention.key", 17, -4.203906112e-05},
           {"layers.0.attention.value", 17, -6.803573482e-04},
           {"layers.0.attention.query_convolution.0", 15, -1.498594693e-03},
           {"layers.0.attention.query_convolution.1", 15, 6.382594453e-05},
           {"layers.0.attention.query_convolution.2", 15, 9.327346007e-04},
           {"layers.0.attention.key_convolution.0", 15, -4.290357403e-04},
           {"layers.0.attention.key_convolution.1", 15, 1.338621567e-02},
           {"layers.0.attention.key_convolution.2", 15, 9.441562332e-03},
           {"layers.0.attention.value_convolution.0", 15, -3.892033429e-03},
           {"layers.0.attention.value_convolution.1", 15, -1.393133386e-03},
           {"layers.0.attention.value_convolution.2", 15, 5.946276804e-04},
           {"layers.0.attention.output", 17, 1.027720624e-02},
           {"layers.0.feed_forward.norm.scale", 15, -1.255297022e-03},
           {"layers.0.feed_forward.norm.bias", 15, -9.941565127e-04},
           {"layers.0.feed_forward.in", 17, -4.212795224e-04},
           {"layers.0.feed_forward.in_bias", 17, -4.268694287e-05},
           {"layers.0.feed_forward.out", 17, 6.085798532e-07},
           {"layers.0.feed_forward.out_bias", 15, -7.500932586e-03},
           {"final_norm.scale", 15, 9.254522260e-03},
           {"final_norm.bias", 15, -1.351217034e-02},
       }},
      {"primer",
       3.781107469610907,
       {3.696776498917792, 4.041643071879289, 3.8028814960616626},
       {
           {"embedding", 17, -2.470987925e-03},
           {"relative_bias", 17, 2.621709516e-05},
           {"layers.0.attention.norm.scale", 15, 9.076144281e-05},
           {"layers.0.attention.norm.bias", 15, 2.040227987e-04},
           {"layers.0.attention.key", 17, 5.312654094e-04},
           {"layers.0.attention.value", 17, 1.391965654e-04},
           {"layers.0.attention.query_from_key", 17, 8.580253397e-04},
           {"layers.0.attention.key_convolution.0", 15, 9.230020837e-03},
           {"layers.0.attention.key_convolution.1", 15, 3.001803695e-04},
           {"layers.0.attention.key_convolution.2", 15, -4.160407352e-03},
           {"layers.0.attention.value_convolution.0", 15, -2.605925653e-03},
           {"layers.0.attention.value_convolution.1", 15, -1.169347041e-03},
           {"layers.0.attention.value_convolution.2", 15, -4.724323377e-04},
           {"layers.0.attention.output", 17, 1.015768580e-04},
           {"layers.0.feed_forward.norm.scale", 15, 3.864444986e-04},
           {"layers.0.feed_forward.norm.bias", 15, -4.309323565e-04},
           {"layers.0.feed_forward.in", 17, 1.312896836e-03},
           {"layers.0.feed_forward.in_bias", 17, 7.939049418e-04},
           {"layers.0.feed_forward.out", 17, 1.966409702e-04},
           {"layers.0.feed_forward.out_bias", 15, 4.700486667e-05},
           {"final_norm.scale", 15, 1.556371521e-03},
           {"final_norm.bias", 15, -3.787771341e-03},
       }},
  };
  return values;
}

ModelSpec value_spec(const std::string& architecture) {
  ModelSpec spec = tiny_spec(architecture);
  spec.sequence = 21;
  spec.relative_buckets = 32;
  spec.relative_max_distance = 128;
  return spec;
}

// Two rows.
std::vector<std::int32_t> value_tokens() {
  std::vector<std::int32_t> tokens(42);
  for (std::int32_t i = 0; i < 42; ++i)
    tokens[static_cast<std::size_t>(i)] = (i * i + 3 * i + 1) % 43;
  return tokens;
}

const Parameter& tensor_of(const DeviceModel& model, const std::string& name) {
  for (const Parameter& p : model.table().parameters)
    if (p.name == name) return p;
  throw std::out_of_range(name);
}

TEST(DeviceModelValues, LossesAndGradientsAreNumPys) {
  for (const ExpectedModel& expected : expected_models()) {
    SCOPED_TRACE(expected.architecture);
    DeviceModel model(value_spec(expected.architecture), 0, {DeviceNumbers::Float32, 2});
    model.set_weights(tiny_weights(model.table()));
    const std::vector<float> losses = model.token_losses(value_tokens());
    EXPECT_NEAR(losses[0], expected.losses[0], 2e-5);
    EXPECT_NEAR(losses[20], expected.losses[1], 2e-5);
    EXPECT_NEAR(losses[21 + 12], expected.losses[2], 2e-5);
    EXPECT_NEAR(model.loss_and_gradients(value_tokens(), 0.01), expected.mean_loss, 2e-5);
    const std::vector<float> gradients = model.gradients();
    for (const GradientValue& value : expected.gradients) {
      const std::int64_t at = tensor_of(model, value.tensor).offset + value.element;
      EXPECT_NEAR(gradients[static_cast<std::size_t>(at)], value.gradient,
                  1e-6 + 1e-4 * std::abs(value.gradient))
          << value.tensor;
    }
  }
}

// Operands have 8 bits: a loss of 4 nats is right to a few hundredths.
TEST(DeviceModelValues, LossesInBfloat16AreNumPysButForRounding) {
  for (const ExpectedModel& expected : expected_models()) {
    SCOPED_TRACE(expected.architecture);
    DeviceModel model(value_spec(expected.architecture), 0, {DeviceNumbers::BFloat16, 2});
    model.set_weights(tiny_weights(model.table()));
    EXPECT_NEAR(model.loss_and_gradients(value_tokens(), 0.01), expected.mean_loss, 0.03);
  }
}

}  // namespace
}  // namespace isoloss
