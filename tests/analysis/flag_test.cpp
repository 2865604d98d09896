// Every flag has a test that raises it, and a line in docs/fitting.md.
#include "analysis/flag.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <stdexcept>

namespace isoloss {
namespace {

// The test whose body expects the flag. A flag that is missing here does not compile.
const char* test_of(Flag flag) {
  switch (flag) {
    case Flag::OfAtBound:
      return "Flags, CoefficientsAtTheirBound";
    case Flag::OfUndetermined:
      return "Flags, ACoefficientThatNothingDetermines";
    case Flag::OfUnidentified:
      return "Flags, AnExponentThatScatterHides";
    case Flag::OfOutsideInterval:
      return "FrontierBias, IntervalsLieAboutTheLawAndNotAboutWhatParabolasMakeOfIt";
    case Flag::NarrowRange:
    case Flag::NarrowRangeOf:
      return "Flags, NarrowRangeOfTokensPerParameter";
    case Flag::FewPoints:
      return "Flags, FewPoints";
    case Flag::FewRuns:
      return "Flags, FewRuns";
    case Flag::OneRun:
      return "Flags, OneRunCannotBeResampled";
    case Flag::BootstrapFailed:
      return "Flags, ABootstrapOfWhichManyFailed";
    case Flag::ScatterBeyondNoise:
      return "PointIntervals, ScatterBeyondTheNoiseIsFlaggedAndWidens";
    case Flag::Outlier:
      return "Flags, AnOutlierIsNamedByItsRowWithItsLeverage";
    case Flag::HighLeverage:
      return "Flags, ARowThatAloneDecidesIsNamed";
    case Flag::NearDuplicateRows:
      return "Flags, NearDuplicateRowsAreNamed";
    case Flag::SeveralArchitectures:
      return "Flags, SeveralArchitecturesInOneLaw";
    case Flag::VertexOutside:
      return "Isoflop, AVertexOutsideTheSizesIsNotUsedAndNamed";
    case Flag::NoInteriorMinimum:
      return "Isoflop, AParabolaThatOpensDownwardsHasNoMinimum";
    case Flag::TooFewSizes:
      return "Isoflop, TwoSizesHoldNoParabola";
    case Flag::BudgetsShareRuns:
      return "Isoflop, BudgetsThatShareRunsAreNoIndependentPointsOfALine";
    case Flag::BestSizeAtEdge:
      return "Savings, ABudgetBestAtTheGridsEdgeIsLeftOutByName";
    case Flag::BestSizeNearEdge:
      return "Frontier, ABestSizeAtTheEdgeByLessThanNoiseCounts";
    case Flag::BudgetLeftOut:
      return "IsoFlop, AParabolaOpenDownwardsIsRefused";
    case Flag::FrontierNotMonotone:
      return "Flags, AFrontierThatRises";
    case Flag::SurfaceMisfit:
      return "Flags, SizesThatNoParabolaDescribesAreNamed";
    case Flag::FloorNotIdentified:
    case Flag::FloorSensitivity:
    case Flag::GrowthNotResolved:
      return "Savings, FewBudgetsIdentifyNoFloorAndShortRangesNoGrowth";
    case Flag::SeedNoiseNotMeasured:
      return "Savings, WithoutReplicatesThereIsNoInterval";
    case Flag::FewReplicates:
    case Flag::HeldOutNoiseNotMeasured:
      return "Flags, NoiseThatIsKnownPoorlyOrNotAtAll";
    case Flag::DrawsFailed:
      return "Flags, DrawsThatGiveNoFrontier";
    case Flag::DrawsReduced:
      return "Flags, DrawsThatTheTrialsDoNotAllow";
    case Flag::FloorsDiffer:
      return "Floors, ThatDifferByTheDrawsAreFlaggedAndHaveNoOneLaw";
    case Flag::SlopesDiffer:
      return "Savings, UnequalSlopesGiveThePowerLawOfLoss";
    case Flag::SavingsNotResolved:
      return "Savings, AnIntervalAroundOneIsNotResolved";
    case Flag::Extrapolated:
      return "Savings, ALossOutsideTheOverlapIsMarked";
    case Flag::MixedConventions:
      return "Flags, FlopsCountedInTwoWaysAreNamed";
    case Flag::LearningRateAtEdge:
    case Flag::TextRepeats:
    case Flag::WallClockAsMeasured:
      return "Flags, HowTheStudyWasRun";
    case Flag::WallClockRefused:
      return "Commands, SavingsInSecondsThatCannotBeGivenAreAFlag";
  }
  throw std::logic_error("no such flag");
}

std::string text_of(const std::filesystem::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

// Of one test of analysis or of the commands; empty where there is none of that name.
std::string body_of(const std::string& test) {
  const std::filesystem::path tests = std::filesystem::path(ISOLOSS_SOURCE) / "tests";
  for (const char* room : {"analysis", "cli"}) {
    for (const auto& entry : std::filesystem::directory_iterator(tests / room)) {
      if (entry.path().extension() != ".cpp") continue;
      const std::string text = text_of(entry.path());
      const std::size_t begin = text.find("\nTEST(" + test + ") {");
      if (begin == std::string::npos) continue;
      return text.substr(begin, text.find("\n}\n", begin) - begin);
    }
  }
  return {};
}

// What a name says whatever it speaks of.
std::string fixed_part(Flag flag) {
  std::string name = name_of(flag);
  std::erase(name, '*');
  return name;
}

TEST(EveryFlag, HasATestThatExpectsIt) {
  for (const Flag flag : all_flags()) {
    const std::string body = body_of(test_of(flag));
    ASSERT_FALSE(body.empty()) << name_of(flag) << ": no test " << test_of(flag);
    EXPECT_THAT(body, testing::HasSubstr(fixed_part(flag))) << test_of(flag);
  }
}

TEST(EveryFlag, StandsInTheDocumentation) {
  const std::string text = text_of(std::filesystem::path(ISOLOSS_SOURCE) / "docs" / "fitting.md");
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
