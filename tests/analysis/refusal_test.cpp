// What fits and comparisons refuse: each row of the table in docs/fitting.md by an input that is
// refused, with the type that gives its exit status, and a near one that is not.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "analysis/savings/savings.h"
#include "model/spec/error.h"
#include "tests/analysis/frontier_lines.h"
#include "tests/analysis/good_table.h"
#include "tests/analysis/isoflop_table.h"
#include "tests/analysis/surface_table.h"
#include "tests/places.h"

namespace isoloss {
namespace {

// One input, spoilt or not.
using Attempt = std::function<void(bool spoilt)>;

struct Refusal {
  std::string name;  // as the documentation has it
  int status = 2;    // 2: InputError, 1: WorkError
  std::string says;  // part of the message
  Attempt attempt;
};

void PrintTo(const Refusal& refusal, std::ostream* out) { *out << refusal.name; }

// The last row's field of a column differs from the others'.
void with_column(PointTable& table, const std::string& name, bool spoilt) {
  table.other_columns = {name};
  for (Point& p : table.points) p.other = {"1"};
  if (spoilt) table.points.back().other = {"2"};
}

PointTable of_isoflop() { return isoflop_table(0.03); }
PointTable of_good() { return good_table(); }
PointTable of_lines() { return two_lines(1, 0); }
PointTable of_surface() { return surface_table(0.04, 0.5, -4, kBudgets, kSizes); }

void fit_surface_of(const PointTable& table) {
  FitOptions options;
  options.frontier = FrontierKind::Surface;
  options.floor = {FloorChoice::Zero, 0};
  options.bootstrap = 0;
  fit_law(table, options);
}

void compare(const PointTable& table, const SavingsOptions& options = against("zero", 0)) {
  compute_savings(table, options);
}

Refusal mixed(const std::string& column, const std::string& where, PointTable (*make)(),
              void (*analyse)(const PointTable&)) {
  return {column + " that differs, " + where, 2, column, [=](bool spoilt) {
            PointTable table = make();
            with_column(table, column, spoilt);
            analyse(table);
          }};
}

std::vector<Refusal> mixed_rows() {
  std::vector<Refusal> all;
  const auto law = [](const PointTable& table) { fitted(table); };
  const auto line = [](const PointTable& table) { fit_law(table, isoflop()); };
  const auto saving = [](const PointTable& table) { compare(table); };
  for (const char* column : {"flops_convention", "tokenizer_hash", "held_out_hash"}) {
    all.push_back(mixed(column, "in a law", of_good, law));
    all.push_back(mixed(column, "along a frontier", of_surface, fit_surface_of));
    all.push_back(mixed(column, "between two architectures", of_lines, saving));
  }
  for (const char* column : {"weight", "evaluation"}) {
    all.push_back(mixed(column, "in an isoFLOP law", of_isoflop, line));
    all.push_back(mixed(column, "along a frontier", of_surface, fit_surface_of));
    all.push_back(mixed(column, "between two architectures", of_lines, saving));
  }
  return all;
}

// Losses whose squares a double does not hold.
void fit_huge(bool spoilt) {
  PointTable table = of_good();
  for (Point& p : table.points) p.loss *= spoilt ? 1e200 : 1;
  FitOptions options;
  options.law = "chinchilla";
  options.objective = ObjectiveKind::Squares;
  options.space = FitSpace::Linear;
  options.bootstrap = 0;
  fit_law(table, options);
}

// Points of two evaluation sets, "1" and "2".
void fit_with_floors(const std::map<std::string, double>& floors) {
  PointTable table = of_good();
  with_column(table, "evaluation", true);
  FitOptions options;
  options.law = "chinchilla";
  options.bootstrap = 0;
  options.floor = {FloorChoice::Pinned, 0, floors};
  fit_law(table, options);
}

std::vector<Refusal> refused_fits() {
  return {
      {"fewer points than free parameters", 2, "5 free parameters",
       [](bool spoilt) {
         PointTable table = of_good();
         table.points.resize(spoilt ? 4 : 8);
         fitted(table);
       }},
      {"a fit that does not converge", 1, "did not converge", fit_huge},
      {"a column that the law needs and a point lacks", 2, "needs tokens",
       [](bool spoilt) {
         PointTable table = of_good();
         if (spoilt) table.points[3].tokens = std::nan("");
         fitted(table);
       }},
      {"tied exponents of a law that has one", 2, "no pair of exponents",
       [](bool spoilt) {
         FitOptions options;
         options.law = spoilt ? "power" : "chinchilla";
         options.tied = true;
         options.bootstrap = 0;
         fit_law(of_good(), options);
       }},
      {"a floor of a law without one", 2, "--floor for law 'isoflop'",
       [](bool spoilt) {
         FitOptions options = isoflop();
         options.floor = {spoilt ? FloorChoice::Value : FloorChoice::Zero, 2};
         fit_law(of_isoflop(), options);
       }},
      {"a floor that no loss lies above", 2, "no loss lies above it",
       [](bool spoilt) {
         FitOptions options;
         options.law = "chinchilla";
         options.floor = {FloorChoice::Value, spoilt ? 1e3 : 0.5};
         options.bootstrap = 0;
         fit_law(of_good(), options);
       }},
      {"a floor of an evaluation set that none of its losses lies above", 2,
       "no loss lies above it",
       [](bool spoilt) {
         fit_with_floors({{"1", 0.5}, {"2", spoilt ? 1e3 : 0.5}});
       }},
      {"a floor of an evaluation set that no point has", 2, "no point has it",
       [](bool spoilt) {
         fit_with_floors({{"1", 0.5}, {spoilt ? "3" : "2", 0.5}, {"2", 0.5}});
       }},
      {"a floor that no loss of a frontier lies above", 2, "the frontier: floor",
       [](bool spoilt) {
         FitOptions options;
         options.frontier = FrontierKind::Surface;
         options.bootstrap = 0;
         options.floor = {FloorChoice::Value, spoilt ? 1e3 : 0.5};
         fit_law(of_surface(), options);
       }},
      {"a frontier of a law of every point", 2, "--frontier for law 'chinchilla'",
       [](bool spoilt) {
         FitOptions options;
         options.law = "chinchilla";
         options.frontier = spoilt ? FrontierKind::Surface : FrontierKind::Points;
         options.bootstrap = 0;
         fit_law(of_good(), options);
       }},
      {"an objective or space of isoFLOP lines", 2, "least squares",
       [](bool spoilt) {
         FitOptions options = isoflop();
         options.objective = spoilt ? ObjectiveKind::Lad : ObjectiveKind::Squares;
         fit_law(of_isoflop(), options);
       }},
      {"tied exponents of isoFLOP lines", 2, "one exponent each",
       [](bool spoilt) {
         FitOptions options = isoflop();
         options.tied = spoilt;
         fit_law(of_isoflop(), options);
       }},
      {"a delta or penalty that the objective has not", 2, "no such part",
       [](bool spoilt) {
         FitOptions options;
         options.law = "chinchilla";
         options.bootstrap = 0;
         options.delta = 0.01;
         options.objective = spoilt ? ObjectiveKind::Lad : ObjectiveKind::Huber;
         fit_law(of_good(), options);
       }},
      {"a frontier of several architectures", 2, "a frontier is of one",
       [](bool spoilt) {
         PointTable table = of_surface();
         if (spoilt) table.points[0].architecture = "u";
         fit_surface_of(table);
       }},
      {"no budget with its best size inside", 1, "best size inside the grid",
       [](bool spoilt) {
         fit_surface_of(surface_table(0.04, 0.5, spoilt ? -9 : -4, kBudgets, kSizes));
       }},
      {"fewer than two vertices inside their sizes", 1, "a line over compute needs two",
       [](bool spoilt) { fit_law(isoflop_table(0.03, spoilt ? 1.5 : 0.5), isoflop()); }},
      {"isoFLOP points of one budget that spent different FLOPs", 2, "different FLOPs",
       [](bool spoilt) {
         PointTable table = of_isoflop();
         table.points[1].flops *= spoilt ? 1.4 : 1.1;
         fit_law(table, isoflop());
       }},
  };
}

// Nats per token over bits per byte.
void compare_texts(bool spoilt) {
  PointTable table = of_lines();
  for (Point& p : table.points) {
    p.bits_per_byte = p.loss * (spoilt && p.architecture == "other" ? 0.3 : 0.4);
  }
  compare(table);
}

std::vector<Refusal> refused_comparisons() {
  return {
      {"losses that do not overlap", 1, "do not overlap",
       [](bool spoilt) {
         const Line base{"base", 60, 0.1, 0}, other{"other", spoilt ? 40.0 : 55.0, 0.1, 0};
         compare(table_of({base, other}, budgets(4)));
       }},
      {"frontiers of fewer than two budgets", 1, "too few budgets",
       [](bool spoilt) {
         compare(
             table_of({{"base", 60, 0.1, 0}, {"other", 59.9, 0.1, 0}}, budgets(spoilt ? 1 : 2)));
       }},
      {"an architecture that no point is of", 2, "did you mean 'other'",
       [](bool spoilt) {
         SavingsOptions options = against("zero", 0);
         options.candidate = spoilt ? "othr" : "other";
         compare(of_lines(), options);
       }},
      {"baseline and candidate that are one", 2, "nothing to compare",
       [](bool spoilt) {
         SavingsOptions options = against("zero", 0);
         options.candidate = spoilt ? "base" : "other";
         compare(of_lines(), options);
       }},
      {"a floor that losses lie below", 2, "give a smaller one",
       [](bool spoilt) { compare(of_lines(), against(spoilt ? "1.9" : "0.9", 0)); }},
      {"a loss at or below the floor", 2, "no compute reaches it",
       [](bool spoilt) {
         SavingsOptions options = against("1.2", 0);
         options.at = {spoilt ? 1.2 : 1.3};
         compare(of_lines(), options);
       }},
      {"an exponent given with a floor that is fitted", 2, "exponent given",
       [](bool spoilt) {
         SavingsOptions options = against(spoilt ? "shared" : "zero", 0);
         options.exponent = 0.1;
         compare(of_lines(), options);
       }},
      {"seconds that a point does not say", 2, "wall_seconds",
       [](bool spoilt) {
         PointTable table = of_lines();
         for (Point& p : table.points) p.wall_seconds = p.flops / 1e12;
         if (spoilt) table.points[2].wall_seconds = std::nan("");
         SavingsOptions options = against("zero", 0);
         options.wall_clock = true;
         compare(table, options);
       }},
      {"losses of two tokenizers or texts by their bits per byte", 2, "bits per byte",
       compare_texts},
      {"rows of one seed that say different losses", 2, "with seed 1 and say losses",
       [](bool spoilt) {
         PointTable table = two_lines(2, 0.002);
         table.points.push_back(table.points[5]);
         table.points.back().loss *= spoilt ? 1.01 : 1;
         compare(table);
       }},
      {"two runs that points do not tell apart", 2, "points do not",
       [](bool spoilt) {
         PointTable table = of_lines();
         for (Point& p : table.points) p.run = "run of " + p.architecture;
         table.points.push_back(table.points[0]);
         table.points.back().run = spoilt ? "another" : table.points[0].run;
         compare(table);
       }},
  };
}

std::vector<Refusal> all_refusals() {
  std::vector<Refusal> all = refused_fits();
  for (Refusal& one : refused_comparisons()) all.push_back(std::move(one));
  for (Refusal& one : mixed_rows()) all.push_back(std::move(one));
  return all;
}

class Refused : public testing::TestWithParam<Refusal> {};

TEST_P(Refused, AndANearInputNot) {
  const Refusal& refusal = GetParam();
  int status = 0;
  std::string said;
  try {
    refusal.attempt(true);
  } catch (const InputError& error) {
    status = 2;
    said = error.what();
  } catch (const WorkError& error) {
    status = 1;
    said = error.what();
  }
  EXPECT_EQ(status, refusal.status) << said;
  EXPECT_THAT(said, testing::HasSubstr(refusal.says));
  EXPECT_NO_THROW(refusal.attempt(false));
}

std::string test_name(const testing::TestParamInfo<Refusal>& info) {
  std::string name = info.param.name;
  std::replace_if(
      name.begin(), name.end(), [](char c) { return !std::isalnum(c); }, '_');
  return name;
}
INSTANTIATE_TEST_SUITE_P(Every, Refused, testing::ValuesIn(all_refusals()), test_name);

// The first cell of each row of the table under "Refusals".
std::vector<std::string> documented() {
  std::ifstream in(std::filesystem::path(test::checkout()) / "docs" / "fitting.md");
  std::vector<std::string> names;
  bool inside = false;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("#")) inside = line == "## Refusals";
    if (!inside || !line.starts_with("| ") || line.starts_with("| refused ")) continue;
    names.push_back(line.substr(2, line.find(" |", 2) - 2));
  }
  return names;
}

// A row for each column says where it counts; the three conventions stand in one, and so do weight
// and evaluation.
TEST(EveryRefusal, StandsInTheDocumentationAndIsTried) {
  std::vector<std::string> tried;
  for (const Refusal& refusal : refused_fits()) tried.push_back(refusal.name);
  for (const Refusal& refusal : refused_comparisons()) tried.push_back(refusal.name);
  tried.push_back("`flops_convention`, `tokenizer_hash` or `held_out_hash` that differs");
  tried.push_back("`weight` or `evaluation` that differs");
  EXPECT_THAT(documented(), testing::UnorderedElementsAreArray(tried));
}

}  // namespace
}  // namespace isoloss
