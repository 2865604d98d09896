// `isoloss savings` as a user runs it, on tables whose saving is known by hand.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

#include "tests/cli/program.h"

namespace isoloss::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;

// Loss 30 C^-0.05 for a and the same at half the compute for b: b saves 2x at every loss.
std::string half_of_the_compute() {
  std::ostringstream csv;
  csv.precision(17);
  csv << "architecture,parameters,tokens,flops,loss\n";
  for (int i = 0; i < 8; ++i) {
    const double flops = 1e15 * std::pow(10.0, 0.25 * i);
    csv << "a,,," << flops << ',' << 30 * std::pow(flops, -0.05) << '\n';
    csv << "b,,," << flops << ',' << 30 * std::pow(2 * flops, -0.05) << '\n';
  }
  return csv.str();
}

TEST(Commands, SavingsOfAKnownFactorFromACsv) {
  const TemporaryFolder scratch;
  spill(scratch / "points.csv", half_of_the_compute());
  const Outcome outcome =
      isoloss("savings points.csv --baseline a --candidate b --floor zero --json", scratch.path());
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  const json savings = json::parse(outcome.out);
  EXPECT_NEAR(savings.at("parallel").at("savings").get<double>(), 2.0, 1e-6);
  ASSERT_FALSE(savings.at("at").empty());
  for (const json& at : savings.at("at")) EXPECT_NEAR(at.at("savings").get<double>(), 2.0, 0.01);
  // At a list of losses, the last one below what either reaches.
  const Outcome listed =
      isoloss("savings points.csv --baseline a --candidate b --floor zero --json --at 5.1,4.6,3.5",
              scratch.path());
  ASSERT_EQ(listed.status, 0) << listed.err;
  const json at = json::parse(listed.out).at("at");
  ASSERT_EQ(at.size(), 3u);
  const double losses[] = {5.1, 4.6, 3.5};
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(at[i].at("loss"), losses[i]);
    EXPECT_NEAR(at[i].at("savings").get<double>(), 2, 1e-6);
    EXPECT_NEAR(at[i].at("baseline_compute").get<double>() / std::pow(30 / losses[i], 20), 1, 1e-6);
    EXPECT_EQ(at[i].at("extrapolated"), i == 2);
  }
  for (const char* key :
       {"baseline", "candidate", "floor", "frontier", "fits", "law", "frontier_overlap", "flags"})
    EXPECT_TRUE(savings.contains(key)) << key;
}

// So et al. 2021, appendix A.9: b takes half of C, so that s = C / 2 is saved at loss 30 C^-.05 =
// 30 (2 s)^-.05.
TEST(Commands, SavingsSayWhatIsSavedInFlops) {
  const TemporaryFolder scratch;
  spill(scratch / "points.csv", half_of_the_compute());
  const Outcome words =
      isoloss("savings points.csv --baseline a --candidate b --floor zero", scratch.path());
  EXPECT_THAT(words.out, HasSubstr("s FLOPs, where the loss is L: L - 0 = 28.98 s^-0.05\n"));
}

// The worked example of marin's gate, as a table of two rows: 1.129946 in compute, and in time at
// 433986 and 410000 tokens/s 1.067495.
TEST(Commands, SavingsOfOneRowEachWithFloorAndExponentGiven) {
  const TemporaryFolder scratch;
  std::ostringstream csv;
  csv.precision(17);
  csv << "architecture,parameters,tokens,flops,loss,wall_seconds\nbase,,1e9,6e18,3.5422,"
      << 1e9 / 433986 << "\nother,,1e9,6e18,3.52," << 1e9 / 410000 << '\n';
  spill(scratch / "gate.csv", csv.str());
  const std::string command =
      "savings gate.csv --baseline base --candidate other --floor 1.6 --exponent .0941";
  const Outcome outcome = isoloss(command + " --json", scratch.path());
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  const json savings = json::parse(outcome.out);
  EXPECT_NEAR(savings.at("parallel").at("savings").get<double>(), 1.129946, 5e-7);
  EXPECT_NEAR(savings.at("wall_clock").at("parallel").at("savings").get<double>(), 1.067495, 5e-7);
  EXPECT_TRUE(savings.at("law").is_null());
  const Outcome words = isoloss(command, scratch.path());
  EXPECT_THAT(words.out, HasSubstr("1.129946"));
  EXPECT_THAT(words.out, HasSubstr("1.067495"));
}

// Where more compute took less time, seconds have no frontier: savings in FLOPs stand, and say why
// there are none in seconds.
TEST(Commands, SavingsInSecondsThatCannotBeGivenAreAFlag) {
  std::ostringstream csv;
  csv.precision(17);
  csv << "architecture,parameters,tokens,flops,loss,wall_seconds\n";
  for (int i = 0; i < 5; ++i) {
    const double flops = 1e15 * std::pow(2.0, i);
    csv << "a,,," << flops << ',' << 30 * std::pow(flops, -0.05) << ',' << 100 + i << '\n';
    csv << "b,,," << flops << ',' << 30 * std::pow(2 * flops, -0.05) << ',' << 100 - i << '\n';
  }
  const TemporaryFolder scratch;
  spill(scratch / "points.csv", csv.str());
  const Outcome outcome =
      isoloss("savings points.csv --baseline a --candidate b --json", scratch.path());
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  const json savings = json::parse(outcome.out);
  EXPECT_TRUE(savings.at("wall_clock").is_null());
  EXPECT_THAT(savings.at("flags").dump(), HasSubstr("wall_clock_refused: points.csv: no savings"));
}

TEST(Commands, SavingsPlanTheNextStudy) {
  std::ostringstream csv;
  csv.precision(17);
  csv << "architecture,parameters,tokens,flops,loss,seed,size\n";
  for (int i = 0; i < 6; ++i) {
    const double flops = 1e15 * std::pow(10.0, 0.25 * i);
    for (int seed = 0; seed < 2; ++seed) {
      // Seeds apart by .002, the other way at every second budget.
      const double noise = 0.001 * (seed == 0 ? 1 : -1) * (i % 2 == 0 ? 1 : -1);
      csv << "a,1e6,," << flops << ',' << 30 * std::pow(flops, -0.05) + noise << ',' << seed
          << ",s\n";
      csv << "b,1e6,," << flops << ',' << 30 * std::pow(2 * flops, -0.05) - noise << ',' << seed
          << ",s\n";
    }
  }
  const TemporaryFolder scratch;
  spill(scratch / "points.csv", csv.str());
  const std::string command =
      "savings points.csv --baseline a --candidate b --floor zero --frontier points --resolve 5";
  const Outcome outcome = isoloss(command + " --json", scratch.path());
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  const json next = json::parse(outcome.out).at("next_study");
  EXPECT_EQ(next.at("percent"), 5);
  EXPECT_FALSE(next.at("seeds").empty());
  EXPECT_EQ(next.at("runs").size(), 2u);
  const Outcome words = isoloss(command, scratch.path());
  EXPECT_THAT(words.out, HasSubstr("to resolve a saving of 5 %"));
  EXPECT_EQ(isoloss(command + "0 --exponent .05", scratch.path()).status, 2);
}

}  // namespace
}  // namespace isoloss::test
