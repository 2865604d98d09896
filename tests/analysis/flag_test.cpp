// Every flag is raised by a table or study of its own and not by a near one, and has a line in
// docs/fitting.md.
#include "analysis/points/flag.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <stdexcept>

#include "tests/analysis/law_flag_cases.h"
#include "tests/analysis/savings_flag_cases.h"
#include "tests/places.h"

namespace isoloss {
namespace {

// A flag that is missing here does not compile.
FlagCase case_of(Flag flag) {
  switch (flag) {
    case Flag::OfAtBound:
      return floor_at_bound();
    case Flag::OfUndetermined:
      return undetermined();
    case Flag::OfUnidentified:
      return unidentified();
    case Flag::OfOutsideInterval:
      return outside_interval();
    case Flag::NarrowRange:
      return narrow_range();
    case Flag::NarrowRangeOf:
      return narrow_range_of();
    case Flag::FewPoints:
      return few_points();
    case Flag::FewRuns:
      return knob<int>(6, 7, flags_of_runs);
    case Flag::OneRun:
      return knob<int>(1, 2, flags_of_runs);
    case Flag::BootstrapFailed:
      return bootstrap_failed();
    case Flag::ScatterBeyondNoise:
      return scatter_beyond_noise();
    case Flag::Outlier:
      return outlier();
    case Flag::HighLeverage:
      return high_leverage();
    case Flag::NearDuplicateRows:
      return near_duplicate_rows();
    case Flag::PointsOffFrontier:
      return points_off_frontier();
    case Flag::SeveralArchitectures:
      return several_architectures();
    case Flag::SeveralEvaluationSets:
      return several_evaluation_sets();
    case Flag::VertexOutside:
      return vertex_outside();
    case Flag::NoInteriorMinimum:
      return no_interior_minimum();
    case Flag::TooFewSizes:
      return too_few_sizes();
    case Flag::BudgetsShareRuns:
      return budgets_share_runs();
    case Flag::BestSizeAtEdge:
      return best_size_at_edge();
    case Flag::BestSizeNearEdge:
      return best_size_near_edge();
    case Flag::BudgetLeftOut:
      return budget_left_out();
    case Flag::FrontierNotMonotone:
      return frontier_not_monotone();
    case Flag::SurfaceMisfit:
      return surface_misfit();
    case Flag::CoarseEnvelope:
      return coarse_envelope();
    case Flag::FloorNotIdentified:
    case Flag::FloorSensitivity:
      return floor_needs_budgets();
    case Flag::SeedNoiseNotMeasured:
      return seed_noise_not_measured();
    case Flag::FewReplicates:
      return few_replicates();
    case Flag::HeldOutNoiseNotMeasured:
      return held_out_noise_not_measured();
    case Flag::DrawsFailed:
      return draws_failed();
    case Flag::DrawsReduced:
      return draws_reduced();
    case Flag::FloorsDiffer:
      return floors_differ_by();
    case Flag::SlopesDiffer:
      return slopes_differ_by();
    case Flag::SlopesNotTested:
      return floor_needs_budgets();
    case Flag::GrowthNotResolved:
      return growth_not_resolved();
    case Flag::SavingsNotResolved:
      return savings_not_resolved();
    case Flag::Extrapolated:
      return extrapolated();
    case Flag::MixedConventions:
      return mixed_conventions();
    case Flag::LearningRateAtEdge:
      return learning_rate_at_edge();
    case Flag::TextRepeats:
      return text_repeats();
    case Flag::WallClockAsMeasured:
      return wall_clock_as_measured();
    case Flag::WallClockRefused:
      return wall_clock_refused();
  }
  throw std::logic_error("no such flag");
}

std::string text_of(const std::filesystem::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

// What a name says whatever it speaks of.
std::string fixed_part(Flag flag) {
  std::string name = name_of(flag);
  std::erase(name, '*');
  return name;
}

// `name`, `name: detail` or `budget C: name: detail`.
bool holds(const Flags& flags, Flag flag) {
  const std::string name = std::regex_replace(name_of(flag), std::regex("\\*"), "[A-Za-z_]+");
  const std::regex whole("(budget [^:]+: )?" + name + "(: [^]*)?");
  return std::any_of(flags.begin(), flags.end(),
                     [&](const std::string& text) { return std::regex_match(text, whole); });
}

class RaisedFlag : public testing::TestWithParam<Flag> {};

TEST_P(RaisedFlag, ByItsInputAndNotByANearOne) {
  const FlagCase made = case_of(GetParam());
  const Flags raised = made.raises(), near = made.near();
  EXPECT_TRUE(holds(raised, GetParam())) << testing::PrintToString(raised);
  EXPECT_FALSE(holds(near, GetParam())) << testing::PrintToString(near);
}
std::string test_name_of(const testing::TestParamInfo<Flag>& tested) {
  std::string name = name_of(tested.param);
  std::replace(name.begin(), name.end(), '*', 'x');
  return name;
}
INSTANTIATE_TEST_SUITE_P(Every, RaisedFlag, testing::ValuesIn(all_flags()), test_name_of);

// One that all_flags() does not list would not be raised above.
TEST(EveryFlag, IsListed) {
  EXPECT_THROW(case_of(static_cast<Flag>(all_flags().size())), std::logic_error);
}

TEST(EveryFlag, StandsInTheDocumentation) {
  const std::string text = text_of(std::filesystem::path(test::checkout()) / "docs" / "fitting.md");
  const std::size_t begin = text.find("\n## Flags\n");
  ASSERT_NE(begin, std::string::npos);
  const std::string table = text.substr(begin, text.find("\n\n", begin + 12) - begin);
  for (const Flag flag : all_flags()) EXPECT_THAT(table, testing::HasSubstr(fixed_part(flag)));
}

TEST(EveryFlag, HasANameOfItsOwn) {
  std::set<std::string> names;
  for (const Flag flag : all_flags()) EXPECT_TRUE(names.insert(name_of(flag)).second);
}

TEST(FlagText, SaysWhatItIsOf) {
  EXPECT_EQ(flag_text(Flag::FewRuns), "few_runs");
  EXPECT_EQ(flag_text(Flag::TextRepeats, "up to 2 epochs"), "text_repeats: up to 2 epochs");
  EXPECT_EQ(flag_text_of("alpha", Flag::OfUnidentified), "alpha_unidentified");
  EXPECT_EQ(flag_text_of("flops", Flag::NarrowRangeOf, "0.5 decades"),
            "narrow_range_of_flops: 0.5 decades");
  EXPECT_THROW(flag_text(Flag::OfAtBound), std::logic_error);
  EXPECT_THROW(flag_text_of("E", Flag::FewRuns), std::logic_error);
}

}  // namespace
}  // namespace isoloss
