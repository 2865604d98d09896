// What failed is named with its reason, also where it left nothing but the reason.
#include "analysis/report/report_failures.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analysis/report/report_card.h"
#include "analysis/report/report_study.h"
#include "tests/analysis/report/report_fixture.h"

namespace isoloss {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

RunRecord run_of(const std::string& id, const std::string& size, RunState state) {
  RunRecord run;
  run.header.id = id;
  run.header.architecture = "primer";
  run.header.size = size;
  run.header.seed = 3;
  run.header.learning_rate = 0.05;
  run.state = state;
  return run;
}

TEST(ReportFailures, EachRunThatFailedIsNamedWithItsLastReason) {
  PointTable table;
  table.runs = {run_of("a", "xs", RunState::Running), run_of("b", "s", RunState::Running),
                run_of("c", "m", RunState::Finished), run_of("d", "l", RunState::Running)};
  const std::vector<FailedRun> failed = {{"a", {{1, "killed"}, {2, "out of memory"}}},
                                         {"b", {{1, "killed"}}},
                                         {"c", {{1, "killed"}}},
                                         {"e", {{1, "a crash"}, {2, "a hang"}}},
                                         {"f", {{1, "a crash"}}}};
  EXPECT_THAT(
      failure_lines(table, failed),
      ElementsAre("primer xs seed 3 rate 0.05 was given up after 2 attempts: out of memory",
                  "primer s seed 3 rate 0.05 is not finished (an attempt failed: killed)",
                  "primer l seed 3 rate 0.05 is not finished",
                  "run e, of which nothing is stored, was given up after 2 attempts: a hang",
                  "run f failed before anything of it was stored: a crash"));
}

TEST(ReportFailures, AnArmThatLostIsNoFailureUnlessItWasGivenUp) {
  PointTable table;
  table.runs = {run_of("a", "s", RunState::Running), run_of("b", "m", RunState::Running)};
  table.decisions.emplace_back();
  table.decisions[0].arms = {{"a", 0.05, 3.0, false}, {"b", 0.05, 3.0, false}};
  table.decisions[0].winner = "c";
  EXPECT_THAT(failure_lines(table, {}), IsEmpty());
  EXPECT_THAT(failure_lines(table, {{"b", {{1, "killed"}, {2, "killed again"}}}}),
              ElementsAre(AllOf(HasSubstr("primer m"), HasSubstr("killed again"))));
}

TEST(ReportFailures, TheCardOfAFolderNamesThem) {
  StudyRecipe recipe;
  recipe.architectures = {{"primer", 1.5}};
  const test::TemporaryFolder own = write_study(recipe);
  const std::filesystem::path& root = own.path();
  const StudyFolder folder{root};
  ReportOptions options;
  options.bootstrap = 20;
  EXPECT_THAT(card_html(read_study({root}, options)), Not(HasSubstr("given up")));
  record_attempt(folder, "0123456789abcdef", "signal 11");
  record_attempt(folder, "0123456789abcdef", "ran out of <memory>");
  EXPECT_THAT(card_html(read_study({root, root}, options)),
              HasSubstr("<li>run 0123456789abcdef, of which nothing is stored, was given up after "
                        "2 attempts: ran out of &lt;memory&gt;</li>"));
}

}  // namespace
}  // namespace isoloss
