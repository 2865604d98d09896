// `isoloss report` on a folder of published results, as a user runs it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/cli/program.h"
#include "tests/places.h"

namespace {

using isoloss::test::isoloss;
using isoloss::test::spill;
using isoloss::test::TemporaryFolder;
using ::testing::HasSubstr;

const std::string kShipped = "'" + isoloss::test::checkout() + "/results/published'";

TEST(PublishedReport, WritesUnderResultsRunsByDefaultAndPrintsWhatDoesNotReproduce) {
  const TemporaryFolder scratch;
  const auto outcome = isoloss("report " + kShipped, scratch.path());
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_TRUE(std::filesystem::exists(scratch / "results/runs/published/report.html"));
  EXPECT_THAT(outcome.out, HasSubstr("speedup of primer-ez over transformer on PG19"));
  EXPECT_FALSE(
      std::filesystem::exists(isoloss::test::checkout() + "/results/published/report.html"));
}

TEST(PublishedReport, JsonIsOneObjectWithEveryFinding) {
  const TemporaryFolder scratch;
  const auto outcome = isoloss("report " + kShipped + " --out here --json", scratch.path());
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  const auto json = nlohmann::json::parse(outcome.out);
  EXPECT_EQ(json["report"], "here/report.html");
  std::size_t total = 0;
  for (const auto& count : json["counts"]) total += count.get<std::size_t>();
  EXPECT_EQ(total, json["findings"].size());
  for (const auto& finding : json["findings"]) EXPECT_FALSE(finding["verdict"].empty());
}

TEST(PublishedReport, BadManifestsAndMixedFoldersExitTwo) {
  const TemporaryFolder scratch;
  spill(scratch / "paper/published.json", R"({"title": "A", "tabels": []})");
  auto outcome = isoloss("report paper", scratch.path());
  EXPECT_EQ(outcome.status, 2);
  EXPECT_THAT(outcome.err, HasSubstr("paper/published.json: unknown key 'tabels'"));
  outcome = isoloss("report paper other", scratch.path());
  EXPECT_EQ(outcome.status, 2);
  EXPECT_THAT(outcome.err, HasSubstr("report it alone"));
  outcome = isoloss("report paper --baseline primer", scratch.path());
  EXPECT_EQ(outcome.status, 2);
  EXPECT_THAT(outcome.err, HasSubstr("--baseline is for a study"));
}

}  // namespace
