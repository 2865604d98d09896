#include "harness/training/adafactor.h"

#include <gtest/gtest.h>

#include <cmath>
#include <utility>

#include "model/spec/counter_random.h"
#include "model/spec/shard.h"
#include "tests/harness/training/optimizer_cases.h"
#include "tests/model/parallel/thread_ranks.h"

namespace isoloss {
namespace {

template <typename Real>
std::vector<Real> three_steps(std::int64_t min_dim_factored) {
  OptimizerSpec spec;
  spec.min_dim_factored = min_dim_factored;
  const ParameterTable table = optimizer_cases::table();
  auto weights = optimizer_cases::weights<Real>();
  std::vector<Real> state(static_cast<std::size_t>(adafactor_state_table(table, spec).buffer_size),
                          Real{0});
  std::int64_t t = 0;
  for (const auto& gradient : optimizer_cases::gradients<Real>()) {
    adafactor_step<Real>(table, spec, 0.05, t++, gradient, weights, state);
  }
  return weights;
}

void expect_near(const std::vector<double>& got, const std::vector<double>& want, double bound) {
  ASSERT_EQ(got.size(), want.size());
  for (std::size_t i = 0; i < got.size(); ++i) EXPECT_NEAR(got[i], want[i], bound) << i;
}

// NumPy: v = d v + (1-d)(g^2 + 1e-30), d = 1 - (t+1)^-0.8; u = g / sqrt(v); u /= max(1, rms(u));
// w -= 0.05 max(1e-3, rms(w)) u. The vector's weights stay below 1e-3, so epsilon2 rules its step.
const std::vector<double> kVector = {-0.00010280237987425066, 0.00014923367328250218,
                                     0.00027395009255153633};

TEST(Adafactor, WholeMomentsFollowTheFormula) {
  const auto want = optimizer_cases::buffer<double>(
      {0.40735533194378526, -0.9084460852529816, 1.8976975013450212, 0.21075082884885},
      {kVector[0], kVector[1], kVector[2]});
  expect_near(three_steps<double>(128), want, 1e-14);
}

// NumPy: rows and columns of g^2 + 1e-30 averaged; u = g / sqrt(vr / mean(vr)) / sqrt(vc).
TEST(Adafactor, FactoredMomentsFollowTheFormula) {
  const auto want = optimizer_cases::buffer<double>(
      {0.4363827617182849, -0.9286296853729451, 1.895637116543467, 0.17393990214901972},
      {kVector[0], kVector[1], kVector[2]});
  expect_near(three_steps<double>(2), want, 1e-14);
}

TEST(Adafactor, SinglePrecisionAgreesWithDouble) {
  const auto exact = three_steps<double>(2);
  const auto single = three_steps<float>(2);
  for (std::size_t i = 0; i < exact.size(); ++i) EXPECT_NEAR(single[i], exact[i], 1e-6) << i;
}

TEST(Adafactor, FactorsOnlyWhereBothDimensionsReachTheLeast) {
  EXPECT_TRUE(is_factored({.name = "m", .shape = {128, 128}}, 128));
  EXPECT_FALSE(is_factored({.name = "m", .shape = {4096, 127}}, 128));
  EXPECT_FALSE(is_factored({.name = "v", .shape = {4096}}, 128));
}

TEST(Adafactor, StateHoldsRowsAndColumnsOfFactoredTensors) {
  OptimizerSpec spec;
  const ParameterTable table{{{.name = "m", .shape = {128, 200}}, {.name = "v", .shape = {7}}}, 0};
  EXPECT_EQ(adafactor_state_table(table, spec).buffer_size, 128 + 200 + 7);
}

// A matrix wide enough for whole lanes and a tail: at t = 0 the decay is 0, so an unfactored update
// is sign(g) with RMS 1 and every weight moves by 0.05 rms(w).
TEST(Adafactor, FirstStepIsTheSignTimesTheRms) {
  OptimizerSpec spec;
  const ParameterTable table{{{.name = "m", .shape = {3, 13}, .offset = 0}}, 39};
  std::vector<double> weights(39, 2.0), gradients(39), state(39, 0.0);
  for (std::size_t i = 0; i < 39; ++i) gradients[i] = i % 2 == 0 ? 0.001 : -7.0;
  adafactor_step<double>(table, spec, 0.05, 0, gradients, weights, state);
  for (std::size_t i = 0; i < 39; ++i) {
    EXPECT_NEAR(weights[i], i % 2 == 0 ? 1.9 : 2.1, 1e-12) << i;
  }
}

// A [4, 6] matrix cut by columns and one cut by rows, a vector that all have: three steps of two
// ranks are the whole tensors' three steps.
class ShardedAdafactor : public testing::TestWithParam<std::int64_t> {};

TEST_P(ShardedAdafactor, ShardsAddUpToTheWholeTensor) {
  OptimizerSpec spec;
  spec.min_dim_factored = GetParam();
  const ParameterTable whole{{{.name = "columns", .shape = {4, 6}, .offset = 0},
                              {.name = "rows", .shape = {4, 6}, .offset = 24},
                              {.name = "all", .shape = {3}, .offset = 48}},
                             51};
  const auto part = [](int rank) {
    return ParameterTable{{{.name = "columns",
                            .shape = {4, 3},
                            .tensor_axis = 1,
                            .offset = 0,
                            .whole_extent = 6,
                            .first = 3 * rank},
                           {.name = "rows",
                            .shape = {2, 6},
                            .tensor_axis = 0,
                            .offset = 12,
                            .whole_extent = 4,
                            .first = 2 * rank},
                           {.name = "all", .shape = {3}, .offset = 24}},
                          27};
  };
  const auto value = [](int step, std::size_t i) {
    return random_normal(3, static_cast<std::uint64_t>(step), i);
  };
  std::vector<double> start(51);
  for (std::size_t i = 0; i < 51; ++i) start[i] = value(9, i);
  const auto train = [&](const ParameterTable& table, Communicator* ranks) {
    std::vector<double> weights(static_cast<std::size_t>(table.buffer_size));
    std::vector<double> gradients(weights.size());
    copy_to_shard<double>(whole, start, table, weights);
    std::vector<double> state(
        static_cast<std::size_t>(adafactor_state_table(table, spec).buffer_size), 0.0);
    for (int t = 0; t < 3; ++t) {
      std::vector<double> all(51);
      for (std::size_t i = 0; i < 51; ++i) all[i] = value(t, i);
      copy_to_shard<double>(whole, all, table, gradients);
      adafactor_step<double>(table, spec, 0.05, t, gradients, weights, state, ranks);
    }
    return std::pair(weights, state);
  };
  const auto [weights, state] = train(whole, nullptr);
  std::vector<double> got_weights(51), got_state(state.size());
  testing_ranks::on_ranks(2, [&](Communicator& ranks) {
    const ParameterTable table = part(ranks.rank());
    const auto [my_weights, my_state] = train(table, &ranks);
    for (int turn = 0; turn < 2; ++turn) {
      ranks.barrier();
      if (turn != ranks.rank()) continue;
      copy_from_shard<double>(table, my_weights, whole, got_weights);
      copy_from_shard<double>(adafactor_state_table(table, spec), my_state,
                              adafactor_state_table(whole, spec), got_state);
    }
  });
  expect_near(got_weights, weights, 1e-14);
  expect_near(got_state, state, 1e-13);
}

// Factored and not.
INSTANTIATE_TEST_SUITE_P(LeastFactored, ShardedAdafactor, testing::Values(2, 128));

}  // namespace
}  // namespace isoloss
