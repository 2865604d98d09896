// The whole model against an independent implementation in NumPy, forward and backward, for every
// architecture, with fused and with plain kernels, in float64. Literal values are the output of
// reference_numpy.py beside this file; its docstring says how weights and tokens are made.
#include <gtest/gtest.h>

#include <cmath>

#include "model/layers/language_model.h"
#include "tests/model/layers/small_models.h"

namespace isoloss {
namespace {

struct GradientValue {
  const char* tensor;
  std::int64_t element;
  double gradient;
};

struct Expected {
  const char* architecture;
  double mean_loss;
  double loss_0_0, loss_0_36, loss_1_20;  // of single tokens: row, place
  std::vector<GradientValue> gradients;   // of mean loss + 0.01 mean log(Z)^2
};

const std::vector<Expected>& expected() {
  static const std::vector<Expected> values = {
      {"transformer",
       3.4222123907994866,
       2.979049861476474,
       3.3221491351913457,
       2.915168184315752,
       {
           {"embedding", 17, 3.244742077e-02},
           {"relative_bias", 17, 2.184097125e-04},
           {"layers.0.attention.norm.scale", 11, 4.489857597e-04},
           {"layers.0.attention.norm.bias", 11, 1.462237420e-03},
           {"layers.0.attention.query", 17, 5.444823348e-03},
           {"layers.0.attention.key", 17, -5.595244668e-03},
           {"layers.0.attention.value", 17, 5.477894272e-03},
           {"layers.0.attention.output", 17, -1.748646441e-02},
           {"layers.0.feed_forward.norm.scale", 11, -4.617483218e-03},
           {"layers.0.feed_forward.norm.bias", 11, 4.380616470e-03},
           {"layers.0.feed_forward.in", 17, -1.497350599e-03},
           {"layers.0.feed_forward.in_bias", 17, 4.254261898e-03},
           {"layers.0.feed_forward.out", 17, -1.952763751e-03},
           {"layers.0.feed_forward.out_bias", 11, 1.085300920e-02},
           {"final_norm.scale", 11, 7.798960877e-03},
           {"final_norm.bias", 11, 1.113130361e-02},
       }},
      {"transformer++",
       3.3712321386143493,
       3.2522892717278897,
       3.4717446380693433,
       2.964432313527255,
       {
           {"embedding", 17, 1.029088459e-02},
           {"relative_bias", 17, -1.972048080e-04},
           {"layers.0.attention.norm.scale", 11, -1.043925524e-03},
           {"layers.0.attention.query", 17, 2.436759128e-03},
           {"layers.0.attention.key", 17, -1.183347842e-03},
           {"layers.0.attention.value", 17, 9.268391499e-03},
           {"layers.0.attention.output", 17, -1.397512195e-03},
           {"layers.0.feed_forward.norm.scale", 11, 2.289885837e-03},
           {"layers.0.feed_forward.gate", 17, -2.921789921e-03},
           {"layers.0.feed_forward.in", 17, -3.168526819e-03},
           {"layers.0.feed_forward.gate_bias", 15, 1.392852900e-03},
           {"layers.0.feed_forward.in_bias", 15, 1.980433884e-03},
           {"layers.0.feed_forward.out", 17, 2.033501190e-03},
           {"layers.0.feed_forward.out_bias", 11, -9.363296072e-03},
           {"final_norm.scale", 11, 1.438421549e-02},
       }},
      {"primer-ez",
       3.4525434402698196,
       3.046220416113318,
       3.1845060510213368,
       2.979739726078748,
       {
           {"embedding", 17, -2.095451479e-03},
           {"relative_bias", 17, -1.068917177e-04},
           {"layers.0.attention.norm.scale", 11, 6.795283825e-03},
           {"layers.0.attention.norm.bias", 11, 4.208823889e-03},
           {"layers.0.attention.query", 17, -1.748880130e-03},
           {"layers.0.attention.key", 17, -4.640977602e-04},
           {"layers.0.attention.value", 17, -5.441878392e-03},
           {"layers.0.attention.query_convolution.0", 11, -5.390621949e-04},
           {"layers.0.attention.query_convolution.1", 11, -4.791762453e-03},
           {"layers.0.attention.query_convolution.2", 11, 2.964638446e-03},
           {"layers.0.attention.key_convolution.0", 11, 2.481460748e-03},
           {"layers.0.attention.key_convolution.1", 11, -3.745230726e-03},
           {"layers.0.attention.key_convolution.2", 11, -8.503222859e-03},
           {"layers.0.attention.value_convolution.0", 11, 8.514956740e-04},
           {"layers.0.attention.value_convolution.1", 11, 3.000521898e-03},
           {"layers.0.attention.value_convolution.2", 11, -3.749865796e-03},
           {"layers.0.attention.output", 17, -2.671199106e-03},
           {"layers.0.feed_forward.norm.scale", 11, -5.608736831e-03},
           {"layers.0.feed_forward.norm.bias", 11, -3.106391322e-03},
           {"layers.0.feed_forward.in", 17, -5.990522745e-03},
           {"layers.0.feed_forward.in_bias", 17, 5.905356448e-03},
           {"layers.0.feed_forward.out", 17, 4.519410401e-03},
           {"layers.0.feed_forward.out_bias", 11, -4.670591469e-03},
           {"final_norm.scale", 11, 1.963673180e-02},
           {"final_norm.bias", 11, 1.415590385e-02},
       }},
      {"primer",
       3.3688876777291354,
       3.426251165606032,
       3.931285096271974,
       3.397753888885006,
       {
           {"embedding", 17, 2.593251054e-02},
           {"relative_bias", 17, 3.437112150e-04},
           {"layers.0.attention.norm.scale", 11, 2.704476421e-04},
           {"layers.0.attention.norm.bias", 11, 2.361330464e-03},
           {"layers.0.attention.key", 17, -1.274812100e-03},
           {"layers.0.attention.value", 17, -6.661712515e-04},
           {"layers.0.attention.query_from_key", 17, -7.755990739e-04},
           {"layers.0.attention.key_convolution.0", 11, 7.120960288e-03},
           {"layers.0.attention.key_convolution.1", 11, 5.752434684e-03},
           {"layers.0.attention.key_convolution.2", 11, 1.049080451e-02},
           {"layers.0.attention.value_convolution.0", 11, 1.224042512e-03},
           {"layers.0.attention.value_convolution.1", 11, -6.928948304e-04},
           {"layers.0.attention.value_convolution.2", 11, -1.853343390e-03},
           {"layers.0.attention.output", 17, -4.538529996e-04},
           {"layers.0.feed_forward.norm.scale", 11, 1.159500718e-03},
           {"layers.0.feed_forward.norm.bias", 11, -6.627903359e-03},
           {"layers.0.feed_forward.in", 17, 4.004231102e-03},
           {"layers.0.feed_forward.in_bias", 17, -1.374877581e-02},
           {"layers.0.feed_forward.out", 17, -8.054705569e-04},
           {"layers.0.feed_forward.out_bias", 11, -2.881519716e-02},
           {"final_norm.scale", 11, -3.054356412e-03},
           {"final_norm.bias", 11, -1.347080083e-02},
       }},
  };
  return values;
}

class LanguageModelValues : public testing::TestWithParam<std::tuple<std::size_t, Kernels>> {
 protected:
  const Expected& values() const { return expected()[std::get<0>(GetParam())]; }
  LanguageModel model() const {
    LanguageModel made(formula_spec(values().architecture), 0,
                       {Precision::Float64, std::get<1>(GetParam())});
    set_formula_weights(made);
    return made;
  }
};

TEST_P(LanguageModelValues, MeanLossIsThatOfTheDefinition) {
  LanguageModel m = model();
  EXPECT_NEAR(m.loss_and_gradients(formula_tokens(), {0.01}), values().mean_loss, 1e-12);
}

TEST_P(LanguageModelValues, TokenLossesAreThoseOfTheDefinition) {
  const std::vector<float> losses = model().token_losses(formula_tokens(), 37);
  EXPECT_NEAR(losses[0], values().loss_0_0, 1e-6);
  EXPECT_NEAR(losses[36], values().loss_0_36, 1e-6);
  EXPECT_NEAR(losses[37 + 20], values().loss_1_20, 1e-6);
}

TEST_P(LanguageModelValues, GradientsAreThoseOfTheDefinition) {
  LanguageModel m = model();
  m.loss_and_gradients(formula_tokens(), {0.01});
  for (const GradientValue& value : values().gradients) {
    const Parameter& p = parameter_named(m, value.tensor);
    const double found = m.gradients64()[static_cast<std::size_t>(p.offset + value.element)];
    EXPECT_NEAR(found, value.gradient, 2e-9) << value.tensor;
  }
}

INSTANTIATE_TEST_SUITE_P(Architectures, LanguageModelValues,
                         testing::Combine(testing::Range<std::size_t>(0, 4),
                                          testing::Values(Kernels::Fused, Kernels::Reference)));

}  // namespace
}  // namespace isoloss
