// `isoloss fit` and `predict` as a user runs them: published optima and exponents, what is printed,
// and what JSON holds.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "tests/cli/program.h"
#include "tests/places.h"

namespace isoloss::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;

std::filesystem::path published_laws() {
  return std::filesystem::path(test::checkout()) / "tests/data/laws";
}

// The digitised Chinchilla points (Besiroglu et al. 2024, arXiv 2404.10102) without their five
// largest losses, as a CSV of points.
std::string chinchilla_points() {
  std::istringstream lines(slurp(published_laws() / "chinchilla_points.csv"));
  std::string line;
  std::getline(lines, line);
  std::vector<std::array<double, 3>> rows;  // loss, N, C
  while (std::getline(lines, line)) {
    std::vector<std::string> cells;
    std::istringstream cell_stream(line);
    for (std::string cell; std::getline(cell_stream, cell, ',');) cells.push_back(cell);
    rows.push_back({std::stod(cells.at(2)), std::stod(cells.at(0)), std::stod(cells.at(1))});
  }
  std::sort(rows.begin(), rows.end());
  std::ostringstream csv;
  csv.precision(17);
  csv << "architecture,parameters,tokens,flops,loss\n";
  for (std::size_t i = 0; i + 5 < rows.size(); ++i)
    csv << "chinchilla," << rows[i][1] << ',' << rows[i][2] / (6 * rows[i][1]) << ',' << rows[i][2]
        << ',' << rows[i][0] << '\n';
  return csv.str();
}

// The optima as computed with SciPy to full convergence, from default settings: log-Huber and
// least absolute deviations of the chinchilla law, and Kaplan's law (nine digits are known).
TEST(Commands, FitReachesTheOptimaOfTheChinchillaPoints) {
  const std::string points = chinchilla_points();
  const TemporaryFolder scratch;
  spill(scratch / "points.csv", points);
  struct Optimum {
    const char* options;
    double value, relative;
    std::vector<std::pair<const char*, double>> parameters;
  };
  const Optimum optima[] = {
      {"--law chinchilla",
       0.0010182740178006,
       1e-9,
       {{"alpha", 0.34731050}, {"beta", 0.36717243}, {"E", 1.81721810}}},
      {"--law chinchilla --objective lad",
       1.12949465392,
       1e-9,
       {{"alpha", 0.34781307}, {"beta", 0.36585416}, {"E", 1.81686413}}},
      {"--law kaplan",
       0.00266310149,
       1e-8,
       {{"lnNc", 29.813951}, {"lnDc", 31.055313}, {"alphaN", .0946755}, {"alphaD", .1141458}}}};
  for (const Optimum& optimum : optima) {
    SCOPED_TRACE(optimum.options);
    const Outcome outcome = isoloss(
        std::string("fit points.csv --bootstrap 0 --json ") + optimum.options, scratch.path());
    ASSERT_EQ(outcome.status, 0) << outcome.err;
    const json fit = json::parse(outcome.out);
    EXPECT_EQ(fit.at("n"), 240);
    EXPECT_EQ(fit.at("status"), "converged");
    EXPECT_NEAR(fit.at("objective").at("value").get<double>() / optimum.value, 1, optimum.relative);
    for (const auto& [name, value] : optimum.parameters)
      EXPECT_NEAR(fit.at("parameters").at(name).get<double>() / value, 1, 2e-6) << name;
  }
}

json fitted(const std::string& csv, const std::string& options) {
  const TemporaryFolder scratch;
  spill(scratch / "points.csv", csv);
  const Outcome outcome = isoloss("fit points.csv --bootstrap 0 --json " + options, scratch.path());
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  return outcome.status == 0 ? json::parse(outcome.out) : json::object();
}

std::vector<std::vector<std::string>> cells_of(const std::filesystem::path& file) {
  std::vector<std::vector<std::string>> rows;
  std::istringstream lines(slurp(file));
  for (std::string line; std::getline(lines, line);) {
    std::istringstream cells(line);
    rows.emplace_back();
    for (std::string cell; std::getline(cells, cell, ',');) rows.back().push_back(cell);
  }
  return rows;
}

// Porian et al. 2024, the exponents of N*(C) of their 15 configurations. Their own vertices, from
// interpolated losses, stand in the file of optimal pairs; each is given to the program as three
// sizes of an exact parabola about it, so that vertex and line are the program's.
TEST(Commands, FitGivesPoriansFifteenExponents) {
  const std::filesystem::path laws = published_laws();
  const auto key = [](const std::vector<std::string>& row) {
    std::string text;
    for (std::size_t i = 0; i < 6; ++i) text += (i ? "-" : "") + row.at(i);
    return text;
  };
  std::ostringstream csv;
  csv.precision(17);
  csv << "architecture,parameters,tokens,flops,budget,loss\n";
  for (const auto& row : cells_of(laws / "porian_optimal_pairs.csv")) {
    if (row.at(0) == "dataset" || row.at(7).empty()) continue;
    const double flops = std::stod(row.at(6)), best = std::stod(row.at(7));
    for (const double off : {-0.5, 0.0, 0.5}) {
      const double size = best * std::exp(off);
      csv << key(row) << ',' << size << ',' << flops / 6 / size << ',' << flops << ',' << flops
          << ',' << std::stod(row.at(8)) + 0.1 * off * off << '\n';
    }
  }
  int configurations = 0;
  for (const auto& row : cells_of(laws / "porian_published_fits.csv")) {
    if (row.at(6) != "basic") continue;
    SCOPED_TRACE(key(row));
    const json fit = fitted(csv.str(), "--law isoflop --architecture " + key(row));
    EXPECT_NEAR(fit.at("parameters").at("a").get<double>(), std::stod(row.at(7)), 1e-6);
    EXPECT_EQ(fit.at("units").at("lnG"), "ln parameters FLOPs^-a");
    ++configurations;
  }
  EXPECT_EQ(configurations, 15);
}

// Porian et al. 2024's points themselves, all sizes of a budget in one parabola. Expected: NumPy's
// polyfit of degree two of loss over ln n for each budget, and of degree one of the vertices inside
// the sizes over ln C. (The paper interpolates noisy losses instead, and its exponents differ.)
TEST(Commands, FitOfPoriansPointsIsNumpysParabolasAndLine) {
  const std::filesystem::path laws =
      std::filesystem::path(test::checkout()) / "../shared/data/laws";
  if (!std::filesystem::exists(laws)) GTEST_SKIP() << "no isoFLOP points beside the project";
  struct Expected {
    const char* configuration;
    std::size_t vertices;  // inside the sizes
    double exponent;
  };
  const Expected all[] = {{"rw-base-long-kaplan-kaplan-train", 8, 0.865158254833},
                          {"rw-base-long-kaplan-standard-val", 9, 0.779524294302},
                          {"rw-base-short-kaplan-standard-val", 12, 0.659013853688},
                          {"rw-base-short-chinchilla-standard-val", 12, 0.562977911939},
                          {"rw-tuned-short-const-standard-val", 12, 0.513685460437},
                          {"rw-base-long-kaplan-attention-train", 8, 0.735572859491},
                          {"rw-base-short-kaplan-attention-train", 10, 0.663021255037},
                          {"rw-base-short-chinchilla-attention-train", 8, 0.582826479059},
                          {"rw-tuned-short-const-attention-train", 12, 0.522263208402},
                          {"rw-tuned-long-const-kaplan-train", 11, 0.714959637469},
                          {"owt2-base-long-kaplan-kaplan-train", 8, 0.842700882215},
                          {"owt2-base-long-kaplan-standard-val", 10, 0.752994449845},
                          {"owt2-base-short-kaplan-standard-val", 12, 0.611280087447},
                          {"owt2-base-short-chinchilla-standard-val", 12, 0.554834212528},
                          {"owt2-tuned-short-const-standard-val", 12, 0.511321225288}};
  std::string csv = "architecture,flops,parameters,tokens,loss\n";
  for (const auto& row : cells_of(laws / "porian_isoflop_points.csv")) {
    if (row.at(0) == "dataset") continue;
    for (std::size_t i = 0; i < 6; ++i) csv += (i ? "-" : "") + row.at(i);
    for (std::size_t i = 6; i < 10; ++i) csv += ',' + row.at(i);
    csv += '\n';
  }
  for (const Expected& expected : all) {
    SCOPED_TRACE(expected.configuration);
    const json fit =
        fitted(csv, std::string("--law isoflop --architecture ") + expected.configuration);
    EXPECT_NEAR(fit.at("parameters").at("a").get<double>(), expected.exponent, 1e-6);
    std::size_t used = 0;
    for (const json& row : fit.at("rows")) used += row.at("used").get<bool>() ? 1 : 0;
    EXPECT_EQ(used, expected.vertices);
  }
}

// A person reads the units too; a pure number has none.
TEST(Commands, FitPrintsTheUnitsOfItsParameters) {
  const TemporaryFolder scratch;
  spill(scratch / "points.csv",
        "architecture,parameters,tokens,flops,loss\n"
        "a,,,1e15,4\na,,,1e16,3.5\na,,,1e17,3.1\na,,,1e18,2.9\n");
  const Outcome outcome = isoloss("fit points.csv --bootstrap 0", scratch.path());
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_THAT(outcome.out, testing::ContainsRegex("\n  a +[0-9.e+]+ nats FLOPs.b"));
  EXPECT_THAT(outcome.out, testing::ContainsRegex("\n  b +[0-9.e-]+ +.[0-9]"));
  EXPECT_THAT(outcome.out, testing::ContainsRegex("\n  E +[0-9.]+ nats"));
}

std::string wiggled_powers() {
  std::ostringstream csv;
  csv.precision(17);
  csv << "architecture,parameters,tokens,flops,loss\n";
  for (int i = 0; i < 9; ++i) {
    const double flops = 1e15 * std::pow(4.0, i);
    csv << "a,,," << flops << ',' << 40 * std::pow(flops, -0.07) * (1 + 0.02 * std::sin(7 * i))
        << '\n';
  }
  return csv.str();
}

// To a percent where it is asked for as where it is not, for people and machines.
TEST(Commands, FitSaysHowFarFromTheBestItCanBe) {
  const TemporaryFolder scratch;
  spill(scratch / "points.csv", wiggled_powers());
  const std::string fit = "fit points.csv --bootstrap 0 ";
  for (const char* options : {"", "--certify quick --threads 2 ", "--certify full "}) {
    SCOPED_TRACE(options);
    const Outcome outcome = isoloss(fit + options + "--json", scratch.path());
    ASSERT_EQ(outcome.status, 0) << outcome.err;
    const json found = json::parse(outcome.out);
    const json& certificate = found.at("certificate");
    const double value = found.at("objective").at("value");
    EXPECT_EQ(certificate.at("aim"), 0.01);
    EXPECT_EQ(certificate.at("reached"), true);
    EXPECT_LT(certificate.at("lower_bound"), value);
    EXPECT_GT(certificate.at("lower_bound"), 0.9899 * value);
    EXPECT_GT(certificate.at("cells"), 1);
  }
  EXPECT_THAT(isoloss(fit, scratch.path()).out,
              testing::HasSubstr("global search: nothing within the bounds has an objective"));
}

TEST(Commands, FitWithoutACertificateHasNone) {
  const TemporaryFolder scratch;
  spill(scratch / "points.csv", wiggled_powers());
  const std::string none = "fit points.csv --bootstrap 0 --certify none ";
  const Outcome outcome = isoloss(none + "--json", scratch.path());
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_TRUE(json::parse(outcome.out).at("certificate").is_null());
  EXPECT_THAT(isoloss(none, scratch.path()).out, testing::Not(testing::HasSubstr("global")));
}

TEST(Commands, AMisspeltCertificateIsNamedWithTheNearest) {
  const TemporaryFolder scratch;
  spill(scratch / "points.csv", wiggled_powers());
  const Outcome outcome = isoloss("fit points.csv --certify ful", scratch.path());
  EXPECT_EQ(outcome.status, 2);
  EXPECT_THAT(outcome.err, testing::HasSubstr("--certify is 'ful'"));
  EXPECT_THAT(outcome.err, testing::HasSubstr("full"));
}

// A law of one exponent, a few percent of wiggle off it: tied, both are one number.
TEST(Commands, TiedExponentsAreOneNumber) {
  std::ostringstream csv, wiggled;
  for (auto* out : {&csv, &wiggled}) {
    out->precision(17);
    *out << "architecture,parameters,tokens,flops,loss\n";
    for (int i = 0; i < 25; ++i) {
      const double n = 1e7 * std::pow(3.0, i % 5), d = 1e9 * std::pow(3.0, i / 5);
      const double off = out == &wiggled ? 1 + 0.02 * std::sin(7 * i) : 1;
      *out << "a," << n << ',' << d << ',' << 6 * n * d << ','
           << (1.8 + 480 * std::pow(n, -0.35) + 2100 * std::pow(d, -0.35)) * off << '\n';
    }
  }
  const json exact = fitted(csv.str(), "--law chinchilla --tied");
  EXPECT_NEAR(exact.at("parameters").at("alpha").get<double>(), 0.35, 1e-6);
  EXPECT_NEAR(exact.at("parameters").at("E").get<double>(), 1.8, 1e-5);
  const json tied = fitted(wiggled.str(), "--law chinchilla --tied").at("parameters");
  EXPECT_EQ(tied.at("alpha"), tied.at("beta"));
  const json apart = fitted(wiggled.str(), "--law chinchilla").at("parameters");
  EXPECT_NE(apart.at("alpha"), apart.at("beta"));
}

// Two computes of two losses: a power law without a floor passes through both means, those of the
// losses (4.5 and 2.5) in linear space and those of their logarithms (sqrt 20 and sqrt 6) in log
// space. By hand: four residuals of 1/2 have the sum of squares 1.
TEST(Commands, SpaceSaysWhatIsAveraged) {
  const std::string csv =
      "architecture,parameters,tokens,flops,loss\n"
      "a,,,1e15,4\na,,,1e15,5\na,,,1e16,2\na,,,1e16,3\n";
  const json linear = fitted(csv, "--objective squares --floor zero --space linear");
  EXPECT_NEAR(linear.at("parameters").at("b").get<double>(), std::log10(4.5 / 2.5), 1e-7);
  EXPECT_NEAR(linear.at("objective").at("value").get<double>(), 1, 1e-9);
  const json log = fitted(csv, "--objective squares --floor zero --space log");
  EXPECT_NEAR(log.at("parameters").at("b").get<double>(), std::log10(std::sqrt(20.0 / 6)), 1e-7);
}

// One power law above a floor of each evaluation set.
TEST(Commands, FloorsArePinnedByEvaluationSet) {
  std::ostringstream csv;
  csv.precision(17);
  csv << "architecture,parameters,tokens,flops,loss,evaluation\n";
  for (int i = 0; i < 8; ++i) {
    const double flops = 1e15 * std::pow(10.0, 0.25 * i);
    const double above = 60 * std::pow(flops, -0.1);
    csv << "a,,," << flops << ',' << 1.5 + above << ",web\n";
    csv << "a,,," << flops << ',' << 2 + above << ",books\n";
  }
  const json fit = fitted(csv.str(), "--floor web=1.5,books=2");
  EXPECT_NEAR(fit.at("parameters").at("a").get<double>() / 60, 1, 1e-5);
  EXPECT_NEAR(fit.at("parameters").at("b").get<double>(), 0.1, 1e-7);
  EXPECT_FALSE(fit.at("parameters").contains("E"));
  EXPECT_EQ(fit.at("floor_by_evaluation"), (json{{"web", 1.5}, {"books", 2.0}}));
  const TemporaryFolder scratch;
  spill(scratch / "fit.json", fit.dump());
  // 60 x (1e20)^-0.1 = 0.6 above the floor.
  const Outcome books = isoloss("predict fit.json --flops 1e20 --evaluation books", scratch.path());
  EXPECT_THAT(books.out, HasSubstr("law power on books at 1e+20 FLOPs\n  loss 2.6 "));
  const Outcome unnamed = isoloss("predict fit.json --flops 1e20", scratch.path());
  EXPECT_EQ(unnamed.status, 2);
  EXPECT_THAT(unnamed.err, HasSubstr("choose one of books, web with --evaluation"));
}

TEST(Commands, AFitAndAReportOfOneFileHaveOneDigest) {
  const TemporaryFolder scratch;
  std::string csv = "architecture,parameters,tokens,flops,loss,note\n";
  for (int i = 1; i < 8; ++i)
    csv += "a,,," + std::to_string(i) + "e15," + std::to_string(2 + 1.0 / i) + ",x\n";
  spill(scratch / "points.csv", csv);
  const auto digest = [&](const std::string& command) {
    const Outcome outcome = isoloss(command + " points.csv --json", scratch.path());
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    const json printed = json::parse(outcome.out);
    return (printed.contains("data") ? printed.at("data") : printed).at("digest");
  };
  const json report = digest("report");
  EXPECT_EQ(digest("fit --floor zero --bootstrap 0"), report);
  spill(scratch / "points.csv", csv + "a,,,9e15,2,x\n");
  EXPECT_NE(digest("fit --floor zero --bootstrap 0"), report);
}

// Two tables of eight points whose fit cannot meet the criterion: squares of losses of 1e200
// overflow, and kinks of 1e-16 lie below the rounding of the residuals.
TEST(Commands, AFitThatDoesNotConvergeExitsOneAndPrintsNoParameters) {
  const TemporaryFolder scratch;
  for (const double unit : {1e200, 1.0}) {
    std::ostringstream csv;
    csv.precision(17);
    csv << "architecture,parameters,tokens,flops,loss\n";
    for (int i = 0; i < 8; ++i) {
      const double flops = 1e15 * std::pow(10.0, 0.25 * i);
      csv << "a,,," << flops << ','
          << unit * (1.5 + 30 * std::pow(flops, -0.05) * (1 + 1e-3 * (i % 3))) << '\n';
    }
    spill(scratch / "points.csv", csv.str());
    const std::string options = unit > 1 ? "--objective squares --space linear" : "--delta 1e-16";
    for (const char* form : {"", " --json"}) {
      const Outcome outcome = isoloss("fit points.csv " + options + form, scratch.path());
      EXPECT_EQ(outcome.status, 1) << options;
      EXPECT_EQ(outcome.out, "") << options;
      EXPECT_THAT(outcome.err, HasSubstr("did not converge")) << options;
      EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
    }
    // The same points with the standard objective are no trouble.
    EXPECT_EQ(isoloss("fit points.csv --bootstrap 0", scratch.path()).status, unit > 1 ? 1 : 0);
  }
}

// What `fit --json` prints is all that `predict` needs: with floor zero the law is 30 C^-0.05.
TEST(Commands, PredictReadsWhatFitPrinted) {
  std::ostringstream csv;
  csv.precision(17);
  csv << "architecture,parameters,tokens,flops,loss\n";
  for (int i = 0; i < 8; ++i) {
    const double flops = 1e15 * std::pow(10.0, 0.25 * i);
    csv << "a,,," << flops << ',' << 30 * std::pow(flops, -0.05) * (1 + 1e-4 * (i % 3)) << '\n';
  }
  const TemporaryFolder scratch;
  spill(scratch / "points.csv", csv.str());
  const Outcome fit = isoloss("fit points.csv --floor zero --json", scratch.path());
  ASSERT_EQ(fit.status, 0) << fit.err;
  spill(scratch / "fit.json", fit.out);
  const Outcome outcome = isoloss("predict fit.json --flops 1e18 --json", scratch.path());
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  const json prediction = json::parse(outcome.out);
  const double expected = 30 * std::pow(1e18, -0.05);
  EXPECT_NEAR(prediction.at("loss").get<double>() / expected, 1, 1e-3);
  EXPECT_LT(prediction.at("interval")[0].get<double>(), expected);
  EXPECT_GT(prediction.at("interval")[1].get<double>(), expected);
  EXPECT_THAT(prediction.at("warning").get<std::string>(), HasSubstr("1.25 decades beyond"));
  spill(scratch / "broken.json", fit.out.substr(0, 40));
  const Outcome broken = isoloss("predict broken.json --flops 1e18", scratch.path());
  EXPECT_EQ(broken.status, 2);
  EXPECT_THAT(broken.err, HasSubstr("broken.json: not JSON"));
}

}  // namespace
}  // namespace isoloss::test
