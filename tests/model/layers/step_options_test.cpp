// Gradient accumulation, recomputation and the announcement of finished gradients change how a step
// is done and not what it gives.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <utility>
#include <vector>

#include "model/spec/error.h"
#include "tests/model/layers/every_spec.h"

namespace isoloss {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

std::vector<std::int32_t> four_rows() {
  std::vector<std::int32_t> tokens(4 * 37);
  for (std::size_t i = 0; i < tokens.size(); ++i)
    tokens[i] = static_cast<std::int32_t>((i * i + 5 * i + 2) % 29);
  return tokens;
}

class Steps : public testing::TestWithParam<std::tuple<NamedSpec, Kernels>> {
 protected:
  void TearDown() override { set_intra_op_threads(1); }
  LanguageModel model(Precision precision, bool recompute = false) const {
    return {std::get<0>(GetParam()).spec, 3, {precision, std::get<1>(GetParam()), recompute}};
  }
};

TEST_P(Steps, PartsAddUpToTheLargeBatch) {
  LanguageModel whole = model(Precision::Float64), parts = model(Precision::Float64);
  const double loss = whole.loss_and_gradients(four_rows(), {0.01});
  for (const std::int64_t count : {2, 4}) {
    EXPECT_NEAR(parts.loss_and_gradients(four_rows(), {0.01, count}), loss, 1e-12);
    for (std::size_t i = 0; i < whole.gradients64().size(); ++i)
      ASSERT_NEAR(parts.gradients64()[i], whole.gradients64()[i], 1e-12) << count << " " << i;
  }
}

// Two threads take two rows each where one takes four; three do not divide them and share products.
TEST_P(Steps, ThreadsSideBySideAddUpToTheLargeBatch) {
  set_intra_op_threads(1);
  LanguageModel alone = model(Precision::Float64), beside = model(Precision::Float64);
  const double loss = alone.loss_and_gradients(four_rows(), {0.01});
  for (const int threads : {2, 3}) {
    set_intra_op_threads(threads);
    for (const std::int64_t parts : {1, 2}) {
      EXPECT_NEAR(beside.loss_and_gradients(four_rows(), {0.01, parts}), loss, 1e-12);
      for (std::size_t i = 0; i < alone.gradients64().size(); ++i)
        ASSERT_NEAR(beside.gradients64()[i], alone.gradients64()[i], 1e-12) << threads << " " << i;
    }
  }
}

TEST_P(Steps, ThreadsSideBySideGiveTheSameBitsEveryTime) {
  set_intra_op_threads(2);
  LanguageModel first = model(Precision::Float32), second = model(Precision::Float32);
  for (int step = 0; step < 2; ++step) {
    EXPECT_EQ(second.loss_and_gradients(four_rows(), {1e-4}),
              first.loss_and_gradients(four_rows(), {1e-4}));
    for (std::size_t i = 0; i < first.gradients32().size(); ++i)
      ASSERT_EQ(second.gradients32()[i], first.gradients32()[i]) << step << " " << i;
  }
}

TEST_P(Steps, RecomputationGivesTheSameBits) {
  LanguageModel kept = model(Precision::Float32), again = model(Precision::Float32, true);
  for (const std::int64_t parts : {1, 2}) {
    const StepOptions options{1e-4, parts};
    EXPECT_EQ(again.loss_and_gradients(four_rows(), options),
              kept.loss_and_gradients(four_rows(), options));
    for (std::size_t i = 0; i < kept.gradients32().size(); ++i)
      ASSERT_EQ(again.gradients32()[i], kept.gradients32()[i]) << parts << " " << i;
  }
}

// What is announced is final when it is announced, and pieces follow each other from the buffer's
// end to its beginning: with recomputation and without, in the last part of several.
TEST_P(Steps, FinishedGradientsAreAnnouncedOnceEach) {
  for (const bool recompute : {false, true}) {
    LanguageModel m = model(Precision::Float64, recompute);
    std::vector<double> seen(m.gradients64().size(), std::nan(""));
    std::int64_t left = m.table().buffer_size, pieces = 0;
    StepOptions options{0.01, 2};
    options.gradients_ready = [&](std::int64_t offset, std::int64_t size) {
      EXPECT_GT(size, 0);
      EXPECT_EQ(offset + size, left);
      left = offset;
      ++pieces;
      for (auto i = static_cast<std::size_t>(offset); i < static_cast<std::size_t>(offset + size);
           ++i)
        seen[i] = m.gradients64()[i];
    };
    m.loss_and_gradients(four_rows(), options);
    EXPECT_EQ(left, 0);
    EXPECT_GT(pieces, m.spec().layers);
    for (std::size_t i = 0; i < seen.size(); ++i) ASSERT_EQ(seen[i], m.gradients64()[i]) << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Architectures, Steps,
                         testing::Combine(testing::ValuesIn(catalogue_specs()),
                                          testing::Values(Kernels::Fused, Kernels::Reference)),
                         SpecTestName());

TEST(StepOptions, PartsThatDoNotDivideTheBatchAreRefused) {
  LanguageModel m(formula_spec("transformer"), 0);
  EXPECT_THAT(
      [&] {
        m.loss_and_gradients(four_rows(), {0, 3});
      },
      ThrowsMessage<InputError>(HasSubstr("micro_batches 3 does not divide the 4 rows")));
}

}  // namespace
}  // namespace isoloss
