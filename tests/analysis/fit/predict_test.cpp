// Predictions from a printed fit, and whether their intervals cover.
#include "analysis/fit/predict.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <tuple>

#include "analysis/fit/fit.h"
#include "analysis/fit/forecast.h"
#include "analysis/fit/predict_calibration.h"
#include "model/spec/counter_random.h"
#include "model/spec/error.h"

namespace isoloss {
namespace {

using testing::HasSubstr;

PointTable line_table() {
  PointTable table;
  table.source = "made";
  const double losses[] = {4.1, 3.75, 3.4, 3.2, 2.85, 2.7, 2.42, 2.3};
  for (int i = 0; i < 8; ++i) {
    Point p;
    p.architecture = "t";
    p.flops = 1e10 * std::pow(2.0, i);
    p.loss = losses[i];
    p.parameters = p.tokens = p.budget = p.learning_rate = std::nan("");
    table.points.push_back(p);
  }
  return table;
}

FitOptions line_options() {
  FitOptions options;
  options.objective = ObjectiveKind::Squares;
  options.floor = {FloorChoice::Zero, 0};
  options.bootstrap = 0;
  return options;
}

StoredFit printed(const Fit& fit) {
  return stored_fit(nlohmann::json::parse(to_json(fit).dump()), "fit.json");
}

// Ordinary least squares by NumPy at C = 1e13: 1.76371237117, 95 % prediction interval
// [1.67072929502, 1.86187034457].
TEST(Predict, OfAStraightLineIsOrdinaryLeastSquares) {
  const Prediction p =
      predict_at(printed(fit_law(line_table(), line_options())), {.flops = 1e13}, 0.95);
  EXPECT_NEAR(*p.loss, 1.76371237117, 1e-9);
  EXPECT_NEAR(p.interval->first, 1.67072929502, 1e-8);
  EXPECT_NEAR(p.interval->second, 1.86187034457, 1e-8);
}

TEST(Predict, TheWarningGrowsWithTheDistance) {
  const StoredFit fit = printed(fit_law(line_table(), line_options()));
  std::vector<std::string> warnings;
  std::vector<double> widths;
  for (const double c : {1e11, 2e12, 2e13, 5e14, 1e17}) {
    const Prediction p = predict_at(fit, {.flops = c}, 0.95);
    warnings.push_back(p.warning);
    widths.push_back(std::log(p.interval->second / p.interval->first));
  }
  EXPECT_EQ(warnings[0], "");
  EXPECT_THAT(warnings[1], HasSubstr("just outside"));
  EXPECT_THAT(warnings[2], HasSubstr("1.19 decades beyond the data in flops; outside"));
  EXPECT_THAT(warnings[3], HasSubstr("; far outside"));
  EXPECT_THAT(warnings[4], HasSubstr("very far"));
  EXPECT_TRUE(std::is_sorted(widths.begin(), widths.end()));
}

nlohmann::json chinchilla_json() {
  return {{"law", "chinchilla"},
          {"status", "converged"},
          {"parameters",
           {{"A", 477.82587},
            {"B", 2143.41735},
            {"E", 1.8172181},
            {"alpha", .3473105},
            {"beta", .36717243}}},
          {"objective", {{"kind", "huber"}, {"space", "log"}, {"value", 1}}},
          {"data",
           {{"source", "x"},
            {"digest", ""},
            {"architecture", ""},
            {"flops_convention", ""},
            {"tokenizer_hash", ""},
            {"held_out_hash", ""},
            {"ranges", {{"parameters", {4e7, 1e10}}, {"flops", {1e18, 1e22}}}}}},
          {"prediction", nullptr}};
}

// Hoffmann et al. 2022, equation 4: N* = G (C/6)^(beta/(alpha+beta)), by Python.
TEST(Predict, OfABudgetTakesTheComputeOptimalSize) {
  const Prediction p = predict_at(stored_fit(chinchilla_json(), "x"), {.flops = 1e21}, 0.95);
  EXPECT_NEAR(p.parameters / 2791737184, 1, 1e-4);  // the valley is flat
  EXPECT_NEAR(p.tokens / 5.969998452e10, 1, 1e-4);
  EXPECT_FALSE(p.interval);
  EXPECT_THAT(p.notes, testing::Contains(HasSubstr("C = 6 N D")));
}

// The same where the fit does not say which sizes it saw: they only say where to look.
TEST(Predict, TheBestSizeDoesNotDependOnTheSizesSeen) {
  nlohmann::json json = chinchilla_json();
  json["data"]["ranges"].erase("parameters");
  const Prediction p = predict_at(stored_fit(json, "x"), {.flops = 1e21}, 0.95);
  EXPECT_NEAR(p.parameters / 2791737184, 1, 1e-4);
}

// From the law itself, for N and D at C = 6 N D alone (Hoffmann et al. 2022, equation 4): alpha A
// N^-alpha = beta B D^-beta, whatever an outer power does to the sum (gamma); for Kaplan et al.
// 2020, equation 1.5, alphaN / alphaD (Nc/N)^(alphaN/alphaD) = Dc / D.
TEST(Predict, OneOfSizeAndTokensTakesItsComputeOptimalPartner) {
  nlohmann::json json = chinchilla_json();
  const double n = 3e9, alpha = .3473105, beta = .36717243;
  const double d =
      std::pow(beta * 2143.41735 / (alpha * 477.82587 * std::pow(n, -alpha)), 1 / beta);
  const auto expect = [&](double tokens) {
    const StoredFit fit = stored_fit(json, "x");
    const Prediction by_size = predict_at(fit, {.parameters = n}, 0.95);
    EXPECT_NEAR(by_size.tokens / tokens, 1, 1e-5);
    EXPECT_NEAR(by_size.flops / (6 * n * tokens), 1, 1e-5);
    EXPECT_THAT(by_size.notes, testing::Contains(HasSubstr("tokens: compute-optimal")));
    EXPECT_NEAR(*by_size.loss, *predict_at(fit, {.parameters = n, .tokens = tokens}, 0.95).loss,
                1e-7);
    const Prediction by_tokens = predict_at(fit, {.tokens = tokens}, 0.95);
    EXPECT_NEAR(by_tokens.parameters / n, 1, 1e-5);
    EXPECT_THAT(by_tokens.notes, testing::Contains(HasSubstr("size: compute-optimal")));
  };
  expect(d);
  json["law"] = "gamma";
  json["parameters"]["gamma"] = .7;
  expect(d);
  json["law"] = "kaplan";
  json["parameters"] = {{"lnNc", 29.8}, {"lnDc", 31.1}, {"alphaN", .095}, {"alphaD", .114}};
  const double power = .095 / .114;
  expect(std::exp(31.1) / (power * std::pow(std::exp(29.8) / n, power)));
}

std::string refusal(const auto& work) {
  try {
    work();
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

// Losses 60 C^-.16 above a floor of each of two sets, and a column that says which.
PointTable two_sets(double web, double books) {
  PointTable table = line_table();
  table.other_columns = {"evaluation"};
  table.points.insert(table.points.end(), table.points.begin(), table.points.end());
  for (std::size_t i = 0; i < table.points.size(); ++i) {
    Point& p = table.points[i];
    const double excess = (1 + 1e-3 * std::sin(static_cast<double>(i % 8))) * 60;
    p.loss = (i < 8 ? web : books) + excess * std::pow(p.flops, -.16);
    p.other = {i < 8 ? "web" : "books"};
  }
  return table;
}

// The law is of what lies above the floors: in nats, a prediction and its interval on one set are
// those of no floor at all with the set's floor added.
TEST(Predict, FloorsOfEvaluationSetsAreAdded) {
  FitOptions options = line_options();
  options.space = FitSpace::Linear;
  options.calibrate = true;
  const StoredFit bare = printed(fit_law(two_sets(0, 0), options));
  const Prediction above = predict_at(bare, {.flops = 1e13}, 0.95);
  options.floor = {FloorChoice::Pinned, 0, {{"web", 1.6}, {"books", 2}}};
  const StoredFit pinned = printed(fit_law(two_sets(1.6, 2), options));
  EXPECT_FALSE(pinned.parameters.contains("E"));
  for (const auto& [set, floor] : {std::pair{"web", 1.6}, std::pair{"books", 2.0}}) {
    const Prediction p = predict_at(pinned, {.flops = 1e13, .evaluation = set}, 0.95);
    EXPECT_EQ(p.evaluation, set);
    EXPECT_NEAR(*p.loss, floor + *above.loss, 1e-8);
    EXPECT_NEAR(p.interval->first, floor + above.interval->first, 1e-7);
    EXPECT_NEAR(p.interval->second, floor + above.interval->second, 1e-7);
    EXPECT_NEAR(p.calibration->factor, above.calibration->factor, 1e-4);
  }
  EXPECT_THAT(refusal([&] { predict_at(pinned, {.flops = 1e13}, 0.95); }),
              HasSubstr("choose one of books, web with --evaluation"));
  EXPECT_THAT(refusal([&] { predict_at(pinned, {.flops = 1e13, .evaluation = "boks"}, 0.95); }),
              HasSubstr("did you mean 'books'?"));
  EXPECT_THAT(refusal([&] { predict_at(bare, {.flops = 1e13, .evaluation = "web"}, 0.95); }),
              HasSubstr("leave it out"));
}

TEST(Predict, SaysWhatIsMissing) {
  nlohmann::json json = chinchilla_json();
  EXPECT_THAT(refusal([&] { predict_at(stored_fit(json, "x"), {}, 0.95); }),
              HasSubstr("--parameters and --tokens, or --flops"));
  // A law that says nothing of size is asked by compute.
  nlohmann::json power = json;
  power["law"] = "power";
  power["parameters"] = {{"a", 60}, {"b", .1}, {"E", 1.5}};
  EXPECT_THAT(refusal([&] { predict_at(stored_fit(power, "x"), {.parameters = 1e9}, 0.95); }),
              HasSubstr("--flops"));
  EXPECT_THAT(refusal([&] { predict_at(stored_fit(json, "x"), {.flops = -1}, 0.95); }),
              HasSubstr("above zero"));
  json["parameters"].erase("A");
  EXPECT_THAT(refusal([&] { predict_at(stored_fit(json, "x"), {.flops = 1e21}, 0.95); }),
              HasSubstr("parameter 'A'"));
  json["status"] = "failed";
  EXPECT_THAT(refusal([&] { stored_fit(json, "x"); }), HasSubstr("status is 'failed'"));
  json.erase("status");
  EXPECT_THAT(refusal([&] { stored_fit(json, "x"); }), HasSubstr("no key 'status'"));
}

// A printed fit with one value changed: what cannot be of this law is named, with its file.
TEST(StoredFit, ThatWasCutOrEditedIsRefused) {
  FitOptions options = line_options();
  options.calibrate = true;
  const nlohmann::json whole =
      nlohmann::json::parse(to_json(fit_law(line_table(), options)).dump());
  const auto refused = [&](const char* place, const nlohmann::json& value) {
    nlohmann::json cut = whole;
    cut[nlohmann::json::json_pointer(place)] = value;
    return refusal([&] { stored_fit(cut, "fit.json"); });
  };
  EXPECT_EQ(refusal([&] { stored_fit(whole, "fit.json"); }), "");
  const std::vector<std::tuple<const char*, nlohmann::json, const char*>> cases = {
      {"/data/ranges/flops/0", -1, "fit.json: 'ranges' of 'flops'"},
      {"/data/ranges/flops", {2, 1}, "fit.json: 'ranges' of 'flops'"},
      {"/data/ranges", nlohmann::json::object(), "fit.json: 'ranges' has no 'flops'"},
      {"/data/ranges", nlohmann::json::array(), "fit.json: 'ranges'"},
      {"/prediction/covariance", -1, "fit.json: 'covariance'"},
      {"/prediction/covariance/0/0", -1, "fit.json: 'covariance'"},
      {"/prediction/covariance/0/1", 1e6, "fit.json: 'covariance'"},
      {"/prediction/covariance", nlohmann::json::array(), "fit.json: 'prediction'"},
      {"/prediction/centre", 3, "fit.json: 'centre'"},
      {"/prediction/centre/0", 1e300, "fit.json: 'centre' is 1e+300"},
      {"/prediction/deviation", 1e300, "fit.json: 'deviation' is 1e+300"},
      {"/prediction/covariance/0/0", 1e300, "fit.json: 'covariance' is 1e+300"},
      {"/prediction/centre", nlohmann::json::array(), "fit.json: 'prediction'"},
      {"/parameters/E", -1, "fit.json: 'E' is -1"},
      {"/parameters/a", -1, "fit.json: 'a' is -1"},
      {"/parameters/b", 0, "fit.json: 'b' is 0"},
      {"/parameters/b", 1e300, "fit.json: 'b' is 1e+300"},
      {"/parameters", 3, "fit.json: 'parameters'"},
      {"/objective/space", "x", "fit.json: 'space'"},
      {"/calibration", {{"predictions", -1}}, "fit.json: 'predictions'"},
      {"/calibration",
       {{"predictions", 1}, {"decades", 1}, {"factor", 1}, {"rows", 1}},
       "fit.json: 'rows'"},
  };
  for (const auto& [place, value, says] : cases) {
    EXPECT_THAT(refused(place, value), HasSubstr(says)) << place << ' ' << value;
  }
}

// Hoffmann's law is asked for the partner of more tokens than doubles have logarithms near.
TEST(Predict, NoBestPartnerIsToldAsThat) {
  const StoredFit fit = stored_fit(chinchilla_json(), "x");
  const std::string said = refusal([&] { predict_at(fit, {.tokens = 1e300}, 0.95); });
  EXPECT_THAT(said, HasSubstr("no best size for 1e+300 tokens"));
  EXPECT_THAT(said, testing::Not(HasSubstr("not given")));
}

// C = 6 N D both ways; 1e21 FLOPs of 1e9 parameters and 1e12 tokens are a sixth of 6e21.
TEST(Predict, OfSizeTokensAndComputeTwoGiveTheThird) {
  const StoredFit fit = stored_fit(chinchilla_json(), "x");
  EXPECT_NEAR(predict_at(fit, {.parameters = 1e9, .flops = 6e20}, 0.95).tokens, 1e11, 1);
  EXPECT_NEAR(predict_at(fit, {.tokens = 1e11, .flops = 6e20}, 0.95).parameters, 1e9, 1e-2);
  const Place all{.parameters = 1e9, .tokens = 1e12, .flops = 1e21};
  EXPECT_THAT(predict_at(fit, all, 0.95).notes, testing::Contains(HasSubstr("0.167 times 6 N D")));
  const Place exact{.parameters = 1e9, .tokens = 1e12, .flops = 7e21};
  EXPECT_THAT(predict_at(fit, exact, 0.95).notes,
              testing::Not(testing::Contains(HasSubstr("times 6 N D"))));
}

TEST(Predict, UniqueTokensAreOfALawThatRepeatsData) {
  const StoredFit fit = stored_fit(chinchilla_json(), "x");
  EXPECT_THAT(refusal([&] { predict_at(fit, {.flops = 1e21, .unique_tokens = 1e9}, 0.95); }),
              HasSubstr("leave it out"));
}

TEST(Predict, ALawOfComputeTakesNoSizeBesideIt) {
  const StoredFit fit = printed(fit_law(line_table(), line_options()));
  EXPECT_THAT(refusal([&] { predict_at(fit, {.parameters = 1e3, .flops = 1e13}, 0.95); }),
              HasSubstr("compute alone"));
  const Place both{.parameters = 1e5, .tokens = 1e7};
  EXPECT_NEAR(*predict_at(fit, both, 0.95).loss, *predict_at(fit, {.flops = 6e12}, 0.95).loss,
              1e-12);
}

// L = floor + 60 C^-.16, eight budgets of three runs each.
LawData power_points(double noise, std::uint64_t study, std::vector<double>& flops,
                     double bend = 0) {
  std::vector<double> loss;
  flops.clear();
  for (std::uint64_t i = 0; i < 24; ++i) {
    const double c = 1e10 * std::pow(3.0, static_cast<double>(i / 3));
    flops.push_back(c);
    const double off = std::log(c / 1e10);
    loss.push_back((1.5 + 60 * std::pow(c, -0.16) + bend * off * off) *
                   std::exp(noise * random_normal(study, 9, i)));
  }
  return law_data(flops, loss);
}

// Folds whose intervals rest on the residuals alone.
std::optional<Calibration> calibrated(const LawData& data, const std::vector<double>& flops,
                                      const FloorChoice& floor = {}) {
  const Law& law = law_named("power");
  const Objective squares{ObjectiveKind::Squares, 0, FitSpace::Log, 1};
  return calibrate(law, data, flops, squares, floor, 0.95, 1,
                   [&](const LawData& seen, const LawSolution& solution, const auto&) {
                     return scatter_of(law, seen, solution, squares, floor);
                   });
}

// Where the law is true, raw intervals cover about what they say over many studies.
TEST(Calibration, CoversWhereTheLawIsTrue) {
  double covered = 0, studies = 0;
  for (std::uint64_t study = 0; study < 60; ++study) {
    std::vector<double> flops;
    const LawData data = power_points(0.004, study, flops);
    const auto table = calibrated(data, flops);
    ASSERT_TRUE(table);
    EXPECT_GE(table->factor, 1);
    EXPECT_EQ(table->rows.back().level, 0.95);
    covered += table->rows.back().coverage;
    ++studies;
  }
  RecordProperty("coverage", std::to_string(covered / studies));
  EXPECT_GT(covered / studies, 0.90);
  EXPECT_LT(covered / studies, 0.985);
}

// A law that is wrong covers less than it says; the table shows it and the factor widens.
TEST(Calibration, ShowsAWrongLaw) {
  std::vector<double> flops;
  const LawData data = power_points(0.0005, 3, flops, 0.01);
  const auto table = calibrated(data, flops, {FloorChoice::Zero, 0});
  ASSERT_TRUE(table);
  EXPECT_LT(table->rows.back().coverage, 0.8);
  EXPECT_GT(table->factor, 1.5);
}

TEST(Calibration, NeedsBudgets) {
  std::vector<double> flops(24, 1e10), loss(24, 3);
  EXPECT_FALSE(calibrated(law_data(flops, loss), flops));
}

// Eight budgets of three points: folds after the third budget to the seventh. Four budgets of six:
// only the one after the third, for two budgets do not count though they leave enough points.
TEST(Calibration, FoldsSeeThreeBudgets) {
  std::vector<double> flops;
  const LawData data = power_points(0.004, 1, flops);
  EXPECT_EQ(calibrated(data, flops)->folds.size(), 5);
  for (std::size_t i = 0; i < flops.size(); ++i) {
    flops[i] = 1e10 * std::pow(9.0, static_cast<double>(i / 6));
  }
  EXPECT_FALSE(calibrated(data, flops));
}

// Four budgets allow one fold: the table says what it takes.
TEST(Calibration, SaysHowManyBudgetsItTakes) {
  std::vector<double> flops;
  for (int i = 0; i < 24; ++i) flops.push_back(1e10 * std::pow(9.0, i / 6));
  EXPECT_THAT(why_not_calibrated(law_named("power"), flops),
              HasSubstr("take 5 budgets (two folds, the first fitted to 3) and there are 4"));
}

// What `fit --json` says of its folds, `predict` says again.
TEST(Calibration, IsPrintedWithThePrediction) {
  PointTable table = line_table();
  for (int i = 0; i < 16; ++i) {
    table.points.push_back(table.points[static_cast<std::size_t>(i % 8)]);
    table.points.back().loss *= 1 + 0.004 * std::sin(i);
  }
  FitOptions options = line_options();
  options.calibrate = true;
  const Fit fit = fit_law(table, options);
  ASSERT_TRUE(fit.calibration);
  const Prediction p = predict_at(printed(fit), {.flops = 1e13}, 0.95);
  ASSERT_TRUE(p.calibration);
  EXPECT_EQ(to_json(p)["calibration"], to_json(fit)["calibration"]);
  EXPECT_EQ(p.calibration->folds.size(), fit.calibration->folds.size());
  options.from_budget = 0;
  table.points.resize(4);
  const Prediction bare = predict_at(printed(fit_law(table, options)), {.flops = 1e13}, 0.95);
  EXPECT_FALSE(bare.calibration);
  EXPECT_THAT(bare.notes, testing::Contains(HasSubstr("not calibrated: leave-future-out folds")));
}

// Two deviations of .01 by Student's t of very many degrees, 1.96, about what is left of the value
// when the shift is taken out; the value itself stays inside.
TEST(Predict, AnIntervalIsMovedByWhatTheMethodIsKnownFor) {
  PredictionBasis basis;
  basis.degrees = 1e9;
  const Interval moved = interval_of({2, 0.01, 0.005}, basis, FitSpace::Linear, 0.95);
  EXPECT_NEAR(moved.first, 1.995 - 0.0195996, 1e-6);
  EXPECT_NEAR(moved.second, 1.995 + 0.0195996, 1e-6);
  EXPECT_EQ(interval_of({2, 0.01, 0.1}, basis, FitSpace::Linear, 0.95).second, 2);
}

}  // namespace
}  // namespace isoloss
