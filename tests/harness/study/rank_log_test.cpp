// The log of a rank: what its lines name, and that it does not grow for ever.
#include "harness/study/rank_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "harness/study/study_outcome.h"
#include "results/durable_file.h"
#include "tests/harness/tiny_study.h"

namespace isoloss {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::MatchesRegex;
using tiny_study::Place;

TEST(RankLog, ALineHasTheTimeTheStudyAndTheRun) {
  const Place place;
  const RankLog log({place.root}, "mine", 3);
  PlannedRun run;
  run.id = "0123456789abcdef";
  run.spec.model.architecture = "primer";
  run.spec.model.size = "24x2";
  run.spec.optimizer.learning_rate = 0.03;
  run.spec.seed = 7;
  log.say(run, "trains");
  EXPECT_THAT(log.path().filename().string(), MatchesRegex(".*-rank-3\\.log"));
  EXPECT_THAT(read_file(log.path()),
              MatchesRegex("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z mine "
                           "primer 24x2 lr 0\\.03 seed 7 run 0123456789abcdef: trains\n"));
}

TEST(RankLog, KeepsThreeOlderFilesAndAppendsToWhatIsThere) {
  const Place place;
  for (int line = 0; line < 6; ++line)
    RankLog({place.root}, "mine", 0, 30).say("line " + std::to_string(line));
  const fs::path log = RankLog({place.root}, "mine", 0).path();
  // Each is past 30 bytes with its one line.
  EXPECT_THAT(read_file(log), HasSubstr("line 5"));
  for (int older = 1; older <= RankLog::kOlder; ++older)
    EXPECT_THAT(read_file(log.string() + "." + std::to_string(older)),
                HasSubstr("line " + std::to_string(5 - older)));
  EXPECT_FALSE(fs::exists(log.string() + ".4"));
  RankLog({place.root}, "mine", 0).say("line 6");
  EXPECT_EQ(std::ranges::count(read_file(log), '\n'), 2);
}

TEST(RankLog, OneThatCannotBeWrittenIsLeftOut) {
  const Place place;
  std::ofstream(place.root / "logs") << "no folder";
  EXPECT_NO_THROW(RankLog({place.root}, "mine", 0).say("line"));
}

TEST(RankLog, AStudyNamesEveryTrialInIt) {
  const Place place;
  const auto study = tiny_study::write_study(place, "[640, 1280]", "[0.05]");
  ASSERT_EQ(tiny_study::run(study, place.root / "out"), kExitDone);
  const StudyFolder folder{place.root / "out"};
  const std::string text = read_file(RankLog(folder, "tiny", 0).path());
  const StudyPlan plan = make_plan(read_study(study));
  ASSERT_EQ(plan.trials.size(), 4);
  for (const PlannedTrial& trial : plan.trials)
    EXPECT_THAT(text, HasSubstr("trial " + trial.id + ": loss "));
  for (const PlannedRun& run : plan.runs)
    EXPECT_THAT(text, HasSubstr("run " + run.id + ": reached its step\n"));
}

}  // namespace
}  // namespace isoloss
