#include "analysis/published/published_scores.h"

#include <gtest/gtest.h>

#include <map>

#include "analysis/scores/task_average.h"

namespace isoloss {
namespace {

std::map<std::string, PublishedScore> by_model(const std::string& task, const std::string& metric) {
  std::map<std::string, PublishedScore> out;
  for (const PublishedScore& score : published_scores(task, metric)) out[score.model] = score;
  return out;
}

// Primer, table 6 and section 4.4; GPT-3, tables H.1 and D.1.
TEST(PublishedScores, AreThoseOfThePapers) {
  const auto scores = by_model("hellaswag", "accuracy");
  EXPECT_EQ(scores.size(), 12U);
  EXPECT_DOUBLE_EQ(scores.at("primer").value, 0.633);
  EXPECT_DOUBLE_EQ(scores.at("primer").deviation, 0.002);
  EXPECT_DOUBLE_EQ(scores.at("transformer").flops, 2.96e22);
  EXPECT_DOUBLE_EQ(scores.at("transformer at a third").value, 0.557);
  EXPECT_DOUBLE_EQ(scores.at("GPT-3 XL").value, 0.535);  // one-shot, not the zero-shot 54.7
  EXPECT_NEAR(scores.at("GPT-3 XL").flops, 2.38e21, 0.005e21);
  EXPECT_DOUBLE_EQ(scores.at("GPT-3 2.7B").value, 0.619);
  EXPECT_DOUBLE_EQ(scores.at("GPT-3 Small").value, 0.33);
  EXPECT_DOUBLE_EQ(scores.at("GPT-3 175B").value, 0.781);
  // Table D.1, printed to three digits.
  const std::map<std::string, double> flops = {
      {"Small", 2.25e20}, {"Medium", 6.41e20}, {"Large", 1.37e21}, {"2.7B", 4.77e21},
      {"6.7B", 1.20e22},  {"13B", 2.31e22},    {"175B", 3.14e23}};
  for (const auto& [model, printed] : flops)
    EXPECT_NEAR(scores.at("GPT-3 " + model).flops / printed, 1, 0.005) << model;
}

TEST(PublishedScores, AreOfTheMetricThatIsAskedFor) {
  EXPECT_DOUBLE_EQ(by_model("squadv2", "f1").at("GPT-3 XL").value, 0.54);
  EXPECT_DOUBLE_EQ(by_model("squadv2", "exact_match").at("GPT-3 XL").value, 0.479);
  EXPECT_DOUBLE_EQ(by_model("naturalqs", "exact_match").at("primer").value, 0.091);
  EXPECT_TRUE(published_scores("hellaswag", "f1").empty());
}

TEST(PublishedScores, OfOwnTasksAreNone) {
  EXPECT_TRUE(published_scores("last-word", "accuracy").empty());
}

TEST(PublishedScores, EveryTaskOfTable6HasAName) {
  for (const TaskSet& set : task_sets()) {
    for (const std::string& task : set.tasks) EXPECT_NE(published_task(task), "") << task;
  }
}

}  // namespace
}  // namespace isoloss
