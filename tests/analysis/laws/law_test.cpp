// What every law says, against its formula in Python; its derivatives against differences.
#include "analysis/laws/law.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "analysis/solver/law_objective.h"
#include "model/spec/error.h"

namespace isoloss {
namespace {

using testing::HasSubstr;

double predicted(const std::string& name, const std::map<std::string, double>& parameters,
                 const std::vector<double>& x) {
  const Law& law = law_named(name);
  return predict(law, law_place(x), state_of(law, parameters))[0];
}

// N = 1e8, D = 1e9, C = 6 N D; Python's floats of the formulas in docs/fitting.md.
TEST(Law, EveryFormulaIsThePapers) {
  const double n = 1e8, d = 1e9, c = 6e17;
  EXPECT_NEAR(predicted("power", {{"a", 50}, {"b", .1}, {"E", 1.7}}, {c}), 2.533978547326318,
              1e-13);
  EXPECT_NEAR(predicted("chinchilla",
                        {{"A", 477.82587},
                         {"B", 2143.41735},
                         {"E", 1.8172181},
                         {"alpha", .3473105},
                         {"beta", .36717243}},
                        {n, d}),
              3.6760375008993167, 1e-13);
  EXPECT_NEAR(
      predicted("gamma",
                {{"A", 20}, {"B", 30}, {"E", 1.5}, {"alpha", .25}, {"beta", .3}, {"gamma", .8}},
                {n, d}),
      1.8402426080566658, 1e-13);
  EXPECT_NEAR(predicted("kaplan",
                        {{"lnNc", std::log(6.4e13)},
                         {"lnDc", std::log(1.8e13)},
                         {"alphaN", .076},
                         {"alphaD", .103}},
                        {n, d}),
              2.956733738633301, 1e-13);
  EXPECT_NEAR(
      predicted("overtraining", {{"a", 70}, {"b", 55}, {"E", 1.4}, {"eta", .13}}, {n, d, c}),
      2.0604125393398105, 1e-13);
  EXPECT_NEAR(
      predicted("surface", {{"A", 90}, {"k", .1}, {"E", 1.6}, {"kappa", .03}, {"a", .5}, {"g", -3}},
                {n, c}),
      3.128397805043866, 1e-13);
}

// The constants of Muennighoff et al. 2023 at 8.7e9 parameters and seven epochs of 178e9 / 7
// tokens; the value is that of the authors' formula in Python.
TEST(Law, DataConstrainedIsMuennighoffs) {
  const std::map<std::string, double> published = {
      {"A", std::exp(6.255414)}, {"B", std::exp(7.3049974)}, {"E", std::exp(.6254804)},
      {"alpha", .3526596},       {"beta", .3526596},         {"R_N", 5.309743},
      {"R_D", 15.387756}};
  EXPECT_NEAR(predicted("data_constrained", published, {8.7e9, 178e9, 178e9 / 7}), 2.226080995952,
              1e-11);
  // Nothing repeats where more is there than is used.
  EXPECT_NEAR(predicted("data_constrained", published, {8.7e9, 178e9, 356e9}), 2.192164284593,
              1e-11);
}

PointTable table_of(int count) {
  PointTable table;
  table.source = "made";
  table.other_columns = {"unique_tokens", "weight", "evaluation"};
  for (int i = 0; i < count; ++i) {
    Point p;
    p.architecture = "t";
    p.parameters = 1e6 * std::pow(1.7, i % 4);
    p.tokens = 1e8 * std::pow(2.1, i / 4);
    p.flops = 6 * p.parameters * p.tokens * (1 + 0.02 * (i % 3));
    p.loss = 2 + 0.3 * std::cos(i);
    p.other = {i % 2 ? "5e7" : "1e12", i % 3 ? "1" : "2.5", i % 2 ? "web" : "books"};
    table.points.push_back(p);
  }
  return table;
}

struct Case {
  std::string law;
  Objective objective;
};

// A place where no residual sits on a kink of rho.
LawState some_state(const Law& law) {
  LawState state;
  const auto terms = static_cast<Eigen::Index>(law.terms.size());
  const auto shape = static_cast<Eigen::Index>(law.shape.size());
  state.log_coefficient = Eigen::ArrayXd::LinSpaced(terms, -0.7, -0.9);
  if (law.name == "data_constrained") state.log_coefficient << -0.2, -0.9;
  state.shape = Eigen::ArrayXd::LinSpaced(shape, 0.3, 0.45);
  if (law.name == "data_constrained") state.shape.tail(2) << 0.6, 1.1;
  state.floor = law.has_floor ? 1.1 : 0;
  return state;
}

// Laws of points and of accuracy alike.
std::vector<Law> every_law() {
  std::vector<Law> all = laws();
  all.insert(all.end(), accuracy_laws().begin(), accuracy_laws().end());
  return all;
}

Law law_called(const std::string& name) {
  for (const Law& law : every_law()) {
    if (law.name == name) return law;
  }
  throw std::out_of_range(name);
}

LawData data_for(const Law& law) {
  const PointTable table = table_of(12);
  if (law.regressors.front() != Regressor::TaskLoss) return law_data(law, table, table.points, {});
  std::vector<double> loss, accuracy;
  for (const Point& point : table.points) {
    loss.push_back(point.loss);
    accuracy.push_back(0.2 + 0.1 * std::fmod(point.loss, 1));
  }
  return law_data(loss, accuracy);
}

// "nats parameters^alpha tokens^-1/gamma" in logarithms, where the unit of each base is so many of
// the one before.
double log_unit(const std::string& unit, const std::map<std::string, double>& log_scale,
                const std::map<std::string, double>& named) {
  std::istringstream factors(unit);
  double sum = 0;
  for (std::string factor; factors >> factor;) {
    if (factor == "1" || factor == "ln") continue;
    const std::size_t hat = factor.find('^');
    double power = 1;
    if (hat != std::string::npos) {
      std::string exponent = factor.substr(hat + 1);
      if (exponent.starts_with('-')) power = -1;
      if (exponent.starts_with('-')) exponent.erase(0, 1);
      const bool inverse = exponent.starts_with("1/");
      if (inverse) exponent.erase(0, 2);
      if (exponent != "1") power *= inverse ? 1 / named.at(exponent) : named.at(exponent);
    }
    sum += power * log_scale.at(factor.substr(0, hat));
  }
  return sum;
}

// Other units of the regressors (millions of parameters, ...) and losses that are the same: every
// parameter changes by its unit.
TEST(Law, UnitsSayHowParametersChangeWithTheRegressors) {
  const std::map<std::string, double> log_scale{
      {"nats", 0}, {"accuracy", 0}, {"parameters", 1.3}, {"tokens", 2.1}, {"FLOPs", 3.4}};
  for (const Law& law : laws()) {
    SCOPED_TRACE(law.name);
    ASSERT_EQ(law.units.size(), law.parameters.size());
    const LawData data = data_for(law);
    const LawState state = some_state(law);
    const Eigen::ArrayXd before = predict(law, data, state);
    const auto named = named_parameters(law, data, state);
    const std::map<std::string, double> old(named.begin(), named.end());
    std::map<std::string, double> changed = old;
    for (std::size_t j = 0; j < law.units.size(); ++j) {
      const double by = log_unit(law.units[j], log_scale, old);
      double& value = changed.at(law.parameters[j]);
      value = law.units[j].starts_with("ln ") ? value - by : value * std::exp(-by);
    }
    LawData rescaled = data;
    for (std::size_t r = 0; r < law.regressors.size(); ++r) {
      const std::string column = column_of(law.regressors[r]);
      const double by = log_scale.at(column == "flops"           ? "FLOPs"
                                     : column == "unique_tokens" ? "tokens"
                                                                 : column);
      const auto at = static_cast<Eigen::Index>(r);
      rescaled.z.col(at) += data.centre[at] - by;
      rescaled.centre[at] = 0;
    }
    const Eigen::ArrayXd after = predict(law, rescaled, state_of(law, changed));
    for (Eigen::Index i = 0; i < before.size(); ++i) EXPECT_NEAR(after[i] / before[i], 1, 1e-12);
  }
  for (const Law& law : accuracy_laws()) EXPECT_EQ(law.units.size(), law.parameters.size());
}

class Derivatives : public testing::TestWithParam<Case> {};

TEST_P(Derivatives, AgreeWithFiniteDifferences) {
  const Law law = law_called(GetParam().law);
  const Objective& objective = GetParam().objective;
  const LawData data = data_for(law);
  const LawState centre = some_state(law);
  const auto terms = centre.log_coefficient.size(), shape = centre.shape.size();
  Eigen::VectorXd at(terms + shape + 1);
  at << centre.log_coefficient.matrix(), centre.shape.matrix(), centre.floor;
  const auto state = [&](const Eigen::VectorXd& x) {
    return LawState{x.head(terms).array(), x.segment(terms, shape).array(), x[terms + shape]};
  };
  const auto full = [&](const Eigen::VectorXd& x) {
    return expand(law, data, state(x), objective, Curvature::Exact);
  };
  const Expansion e = full(at);
  EXPECT_NEAR(e.value, objective_value(law, data, centre, objective), 1e-12 * e.value);
  const Eigen::MatrixXd rows = jacobian(law, data, centre, objective.space);
  const double h = 1e-6;
  for (Eigen::Index j = 0; j < at.size(); ++j) {
    Eigen::VectorXd up = at, down = at;
    up[j] += h;
    down[j] -= h;
    const double slope = (objective_value(law, data, state(up), objective) -
                          objective_value(law, data, state(down), objective)) /
                         (2 * h);
    EXPECT_NEAR(e.gradient[j], slope, 2e-7 * (1 + std::abs(slope))) << j;
    const Eigen::VectorXd bend = (full(up).gradient - full(down).gradient) / (2 * h);
    EXPECT_LT((e.curvature.col(j) - bend).norm(), 2e-6 * (1 + bend.norm())) << j;
    const Eigen::ArrayXd change = (residuals(law, data, state(up), objective.space) -
                                   residuals(law, data, state(down), objective.space)) /
                                  (2 * h);
    EXPECT_LT((rows.col(j).array() - change).abs().maxCoeff(), 1e-7) << j;
  }
}

std::vector<Case> every_case() {
  std::vector<Case> cases;
  for (const Law& law : every_law()) {
    for (const FitSpace space : {FitSpace::Log, FitSpace::Linear}) {
      cases.push_back({law.name, {ObjectiveKind::Huber, 0.05, space}});
      cases.push_back({law.name, {ObjectiveKind::AsymmetricHuber, 0.05, space, 7}});
      cases.push_back({law.name, {ObjectiveKind::Squares, 0, space}});
    }
  }
  return cases;
}
INSTANTIATE_TEST_SUITE_P(EveryLaw, Derivatives, testing::ValuesIn(every_case()),
                         [](const auto& at) {
                           return at.param.law + "_" + std::to_string(at.index);
                         });

TEST(Law, PrintedParametersReadBackToTheSameLaw) {
  for (const Law& law : every_law()) {
    const LawData data = data_for(law);
    const LawState state = some_state(law);
    const auto named = named_parameters(law, data, state);
    const LawState raw = state_of(law, {named.begin(), named.end()});
    LawData uncentred = data;
    uncentred.z.rowwise() += data.centre.transpose();
    uncentred.centre.setZero();
    const Eigen::ArrayXd p = predict(law, data, state);
    EXPECT_LT((predict(law, uncentred, raw) / p - 1).abs().maxCoeff(), 1e-12) << law.name;
  }
}

// Huber's rho by hand: inside 0.1^2/2, outside 0.1 (0.3 - 0.05); the weight doubles the second.
TEST(Objective, HuberIsQuadraticWithinDeltaAndLinearBeyond) {
  const std::vector<double> compute{1, 1}, loss{0.9, 0.7};
  LawData data = law_data(compute, loss);
  const Law& law = law_named("power");
  const LawState state{Eigen::ArrayXd::Constant(1, std::log(0.5)), Eigen::ArrayXd::Zero(1), 0.5};
  const Objective huber{ObjectiveKind::Huber, 0.1, FitSpace::Linear};
  EXPECT_NEAR(objective_value(law, data, state, huber), 0.005 + 0.025, 1e-15);
  data.weight[1] = 2;
  EXPECT_NEAR(objective_value(law, data, state, huber), 0.005 + 0.05, 1e-15);
}

// Predictions 1 of losses 0.9 and 1.1: the first is an overestimate and counts seven times.
TEST(Objective, AsymmetricHuberIsDearerAboveThePoints) {
  const std::vector<double> compute{1, 1}, loss{0.9, 1.1};
  const LawState state{Eigen::ArrayXd::Constant(1, std::log(0.5)), Eigen::ArrayXd::Zero(1), 0.5};
  EXPECT_NEAR(objective_value(law_named("power"), law_data(compute, loss), state,
                              {ObjectiveKind::AsymmetricHuber, 1, FitSpace::Linear, 7}),
              8 * 0.01 / 2, 1e-15);
}

std::string refusal(const auto& work) {
  try {
    work();
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

TEST(Law, AnUnknownNameNamesTheNearest) {
  EXPECT_THAT(refusal([] { law_named("chinchila"); }), HasSubstr("did you mean 'chinchilla'"));
}

TEST(Law, AMissingColumnIsNamed) {
  Point point;
  point.parameters = std::nan("");
  point.tokens = point.flops = point.loss = 1;
  const std::vector<Point> points{point};
  EXPECT_THAT(refusal([&] { law_data(law_named("chinchilla"), points); }),
              HasSubstr("needs parameters"));
  EXPECT_THAT(refusal([&] { law_data(law_named("data_constrained"), table_of(0), points, {}); }),
              HasSubstr("needs parameters"));
}

TEST(Law, WeightsComeFromTheirColumn) {
  const PointTable table = table_of(12);
  const LawData data = law_data(law_named("power"), table, table.points, {});
  EXPECT_EQ(data.weight[0], 2.5);
  EXPECT_EQ(data.weight[1], 1);
  PointTable wrong = table;
  wrong.points[1].other[1] = "-1";
  EXPECT_THAT(refusal([&] { law_data(law_named("power"), wrong, wrong.points, {}); }),
              HasSubstr("weight of point 2 is '-1'"));
}

TEST(Law, FloorsArePinnedByEvaluationSet) {
  const PointTable table = table_of(12);
  const FloorChoice pinned{FloorChoice::Pinned, 0, {{"web", 1.2}, {"books", 0.9}}};
  const LawData data = law_data(law_named("power"), table, table.points, pinned);
  EXPECT_EQ(data.offset[0], 0.9);
  EXPECT_EQ(data.offset[1], 1.2);
  const FloorChoice missing{FloorChoice::Pinned, 0, {{"web", 1.2}, {"boks", 0.9}}};
  EXPECT_THAT(refusal([&] { law_data(law_named("power"), table, table.points, missing); }),
              HasSubstr("did you mean 'boks'"));
}

TEST(Law, OnlyPairsOfExponentsTie) {
  EXPECT_TRUE(tied(law_named("chinchilla")).tied);
  EXPECT_THAT(refusal([] { tied(law_named("power")); }), HasSubstr("no pair of exponents"));
}

}  // namespace
}  // namespace isoloss
