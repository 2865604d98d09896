// Study files of one study join by their grid values and by nothing else.
#include "sweeps/study_union.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include <fstream>
#include <vector>

#include "model/spec/error.h"
#include "tests/temporary_folder.h"

namespace isoloss {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class StudyUnion : public ::testing::Test {
 protected:
  std::string united(const std::vector<std::string>& texts) const {
    std::vector<fs::path> files;
    for (const std::string& text : texts) {
      files.push_back(folder_ / ("study-" + std::to_string(files.size()) + ".yaml"));
      std::ofstream(files.back()) << text;
    }
    return united_study_text(files);
  }
  std::string refusal(const std::string& a, const std::string& b) const {
    try {
      united({a, b});
    } catch (const InputError& error) {
      return error.what();
    }
    return "not refused";
  }

  StudyUpdate update(const std::string& now, const std::string& before) const {
    std::ofstream(folder_ / "now.yaml") << now;
    std::ofstream(folder_ / "before.yaml") << before;
    return study_update(folder_ / "now.yaml", folder_ / "before.yaml");
  }

  const test::TemporaryFolder folder_;
};

// A study with what stands in the places that the tests change.
std::string study(const std::string& grid, const std::string& optimizer = "{batch_tokens: 1024}",
                  const std::string& run = "") {
  return "# why\nstudy: mine\ndata: {text: a.txt}\noptimizer: " + optimizer + "\ngrid: " + grid +
         "\n" + run;
}

TEST_F(StudyUnion, AFileThatHoldsEveryValueIsTakenAsItStands) {
  const std::string small = study("{size: [{name: s, d_model: 8}], budget: {flops: [1e9]}}");
  const std::string large =
      study("{budget: {flops: [1e9, 2.0e9]}, size: [{d_model: 8, name: s}, m]}");
  EXPECT_EQ(united({small, large}), large);
  EXPECT_EQ(united({large, small}), large);
  EXPECT_EQ(united({small, small}), small);
}

TEST_F(StudyUnion, ValuesOfBothAreJoined) {
  const YAML::Node node =
      YAML::Load(united({study("{budget: {flops: [1e9, 2e9]}, include: [{seed: 1}]}"),
                         study("{budget: {flops: [1e9, 4e9]}, seed: [0, 1]}")}));
  EXPECT_EQ(node["grid"]["budget"]["flops"].as<std::vector<double>>(),
            (std::vector<double>{1e9, 2e9, 4e9}));
  EXPECT_EQ(node["grid"]["seed"].as<std::vector<int>>(), (std::vector<int>{0, 1}));
  EXPECT_EQ(node["grid"]["include"].size(), 1U);
  EXPECT_EQ(node["study"].as<std::string>(), "mine");
}

TEST_F(StudyUnion, ASingleValueIsAListOfItself) {
  const std::string two = study("{seed: [0, 1], budget: {flops: [1e9]}}");
  EXPECT_EQ(united({study("{seed: 0, budget: {flops: 1e9}}"), two}), two);
}

TEST_F(StudyUnion, EveryKeyThatDiffersIsNamed) {
  const std::string grid = "{budget: {flops: [1e9]}}";
  EXPECT_THAT(refusal(study(grid, "{batch_tokens: 1024, schedule: rsqrt}"),
                      study(grid, "{batch_tokens: 2048, schedule: wsd}")),
              AllOf(HasSubstr("optimizer.batch_tokens"), HasSubstr("optimizer.schedule")));
  EXPECT_THAT(refusal(study(grid), study(grid, "{batch_tokens: 1024, z_loss: 0}")),
              HasSubstr("optimizer.z_loss"));
  EXPECT_THAT(refusal(study(grid), study("{budget: {tokens: [1e9]}}")),
              HasSubstr("grid.budget.flops"));
  EXPECT_THAT(refusal(study(grid), study("{budget: {flops: [1e9]}, exclude: [{seed: 1}]}")),
              HasSubstr("grid.exclude"));
}

TEST_F(StudyUnion, AnEntryOfOneNameAndTwoMeaningsIsRefused) {
  EXPECT_THAT(
      refusal(study("{size: [{name: s, d_model: 8}]}"), study("{size: [{name: s, d_model: 9}]}")),
      HasSubstr("grid.size (s)"));
}

// The first seed searches learning rates.
TEST_F(StudyUnion, AnotherFirstSeedIsRefused) {
  EXPECT_THAT(refusal(study("{seed: [0, 1]}"), study("{seed: [1, 0]}")), HasSubstr("grid.seed"));
}

TEST_F(StudyUnion, HowRunsAreTrainedMayDifferWhereNoNumberDoes) {
  const std::string grid = "{seed: [0]}", optimizer = "{batch_tokens: 1024}";
  const std::string first =
      study(grid, optimizer, "run: {time_limit: 1h, checkpoint_every: 5m, threads: 2}\n");
  EXPECT_EQ(united({first, study(grid, optimizer, "run: {device: cpu, threads: 2}\n")}), first);
  EXPECT_THAT(refusal(first, study(grid, optimizer, "run: {time_limit: 1h, threads: 4}\n")),
              HasSubstr("run.threads"));
}

TEST_F(StudyUnion, OneValueBesideAnotherIsAListOfBoth) {
  const YAML::Node node = YAML::Load(
      united({study("{size: {name: s, d_model: 8}}"), study("{size: {name: m, d_model: 9}}")}));
  EXPECT_EQ(node["grid"]["size"].size(), 2U);
  EXPECT_THAT(
      refusal(study("{size: {name: s, d_model: 8}}"), study("{size: {name: s, d_model: 9}}")),
      HasSubstr("grid.size (s)"));
  EXPECT_THAT(refusal(study("{learning_rate: {search: [1], decide_at: {flops: 1e9}}}"),
                      study("{learning_rate: {search: [1], decide_at: {flops: 2e9}}}")),
              HasSubstr("grid.learning_rate.decide_at.flops"));
}

// Text has two tasks where the file names none (docs/format.md); folders of cards are no part of a
// run, nor is how often tasks score it.
TEST_F(StudyUnion, TasksCountByTheirNamesAndCardsDoNot) {
  const std::string unsaid = study("{seed: [0]}");
  EXPECT_EQ(united({unsaid, unsaid + "evaluate: {tasks: [cards, continuation, last-word]}\n"}),
            unsaid);
  EXPECT_EQ(united({unsaid, unsaid + "evaluate: {score_points: 5}\n"}), unsaid);
  EXPECT_THAT(refusal(unsaid, unsaid + "evaluate: {tasks: [last-word]}\n"),
              HasSubstr("evaluate.tasks"));
  EXPECT_THAT(refusal(unsaid, unsaid + "evaluate: {tokens: 128}\n"), HasSubstr("evaluate.tokens"));
}

TEST_F(StudyUnion, AnUpdateNamesWhatChangedWithItsLineAndBothValues) {
  const std::string before = study("{seed: [0]}", "{batch_tokens: 1024, z_loss: 0}");
  const std::string now = study("{seed: [0]}", "{batch_tokens: 2048}");
  EXPECT_THAT(update(now, before).differences,
              ElementsAre(KeyDifference{"optimizer.batch_tokens", "2048", "1024", 4},
                          KeyDifference{"optimizer.z_loss", "nothing", "0", 0}));
  EXPECT_THAT(update(before, before).differences, IsEmpty());
}

TEST_F(StudyUnion, AnUpdateForgetsNoGridValue) {
  const std::string small = study("{size: [s], seed: [0]}");
  const std::string large = study("{size: [s, m], seed: [0, 1]}");
  EXPECT_EQ(update(large, small).text, large);
  EXPECT_EQ(update(small, large).text, large);
  const StudyUpdate crossed = update(study("{size: [s, l], seed: [0]}"), large);
  EXPECT_THAT(crossed.differences, IsEmpty());
  const YAML::Node grid = YAML::Load(crossed.text)["grid"];
  EXPECT_EQ(grid["size"].as<std::vector<std::string>>(), (std::vector<std::string>{"s", "l", "m"}));
  EXPECT_EQ(grid["seed"].as<std::vector<int>>(), (std::vector<int>{0, 1}));
}

// Which rates compete is what the newer file says; folders that are joined have tried them all.
TEST_F(StudyUnion, AnUpdateSaysWhichRatesAreSearched) {
  const std::string low = study("{size: [s], learning_rate: {search: [0.03, 0.1]}}");
  const std::string high = study("{size: [s], learning_rate: {search: [0.1, 0.3]}}");
  EXPECT_EQ(update(high, low).text, high);
  EXPECT_THAT(update(high, low).differences, IsEmpty());
  EXPECT_EQ(update(study("{size: [s], learning_rate: {search: [1e-1, 0.03]}}"), low).text,
            study("{size: [s], learning_rate: {search: [1e-1, 0.03]}}"));
  const std::string larger = study("{size: [s, m], learning_rate: {search: [0.03, 0.1]}}");
  const YAML::Node crossed = YAML::Load(update(high, larger).text)["grid"];
  EXPECT_EQ(crossed["size"].size(), 2U);
  EXPECT_EQ(crossed["learning_rate"]["search"].as<std::vector<double>>(),
            (std::vector<double>{0.1, 0.3}));
  EXPECT_EQ(
      YAML::Load(united({low, high}))["grid"]["learning_rate"]["search"].as<std::vector<double>>(),
      (std::vector<double>{0.03, 0.1, 0.3}));
}

TEST_F(StudyUnion, AnUpdateMayExcludeOtherTrials) {
  const std::string all = study("{size: [s, m]}");
  const std::string some = study("{size: [s, m], exclude: [{size: m}]}");
  EXPECT_THAT(update(some, all).differences, IsEmpty());
  EXPECT_EQ(update(some, all).text, some);
  EXPECT_EQ(update(all, some).text, all);
}

TEST_F(StudyUnion, AFileThatIsNoStudyIsRefused) {
  EXPECT_THAT(refusal(study("{seed: [0]}"), "- a list"), HasSubstr("study-1.yaml"));
}

}  // namespace
}  // namespace isoloss
