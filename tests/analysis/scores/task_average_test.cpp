#include "analysis/scores/task_average.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "analysis/published/published_scores.h"
#include "model/spec/error.h"

namespace isoloss {
namespace {

const TaskSet& set_named(const std::string& name) {
  for (const TaskSet& set : task_sets()) {
    if (set.name == name) return set;
  }
  throw std::out_of_range(name);
}

// A column of Primer's table 6, in percent.
std::map<std::string, TaskValue> column(const std::string& model) {
  std::map<std::string, TaskValue> values;
  for (const std::string& task : set_named("primer").tasks) {
    for (const std::string metric : {"accuracy", "f1"}) {
      for (const PublishedScore& score : published_scores(task, metric)) {
        if (score.model == model) values[task] = {100 * score.value, 0};
      }
    }
  }
  return values;
}

// NumPy over the printed rows.
TEST(TaskAverage, OfPrimersTable6IsTheMeanOfItsRows) {
  const auto average = [&](const char* set, const char* model) {
    return average_over(set_named(set), column(model)).value;
  };
  EXPECT_NEAR(average("primer_qa", "transformer"), 34.4625, 1e-10);
  EXPECT_NEAR(average("primer_qa", "primer"), 36.775, 1e-10);
  EXPECT_NEAR(average("primer_choice", "transformer"), 56.39473684210525, 1e-10);
  EXPECT_NEAR(average("primer_choice", "primer"), 57.857894736842105, 1e-10);
  // What the paper prints as 54.7 and 56.2 leaves ReCoRD out.
  EXPECT_NEAR(average("primer_choice_18", "transformer"), 54.73333333333333, 1e-10);
  EXPECT_NEAR(average("primer_choice_18", "primer"), 56.25555555555556, 1e-10);
}

TEST(TaskAverage, SetsHaveTheSizesOfTheTable) {
  EXPECT_EQ(set_named("primer_qa").tasks.size(), 8U);
  EXPECT_EQ(set_named("primer_choice").tasks.size(), 19U);
  EXPECT_EQ(set_named("primer_choice_18").tasks.size(), 18U);
  EXPECT_EQ(set_named("primer").tasks.size(), 27U);
}

// sqrt(.03^2 + .04^2) / 2.
TEST(TaskAverage, AddsStandardErrorsInSquares) {
  const TaskAverage average =
      average_over({"two", {"a", "b"}}, {{"a", {0.2, 0.03}}, {"b", {0.4, 0.04}}});
  EXPECT_NEAR(average.value, 0.3, 1e-15);
  EXPECT_NEAR(average.standard_error, 0.025, 1e-15);
}

TEST(TaskAverage, NamesTasksThatAreMissing) {
  try {
    average_over({"three", {"a", "b", "c"}}, {{"b", {1, 0}}});
    FAIL() << "no error";
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), ::testing::HasSubstr("'three' (not scored: a, c)"));
  }
}

TEST(TaskAverage, OverAnotherSetIsNotCompared) {
  const auto values = column("primer");
  EXPECT_THROW(difference(average_over(set_named("primer_choice"), values),
                          average_over(set_named("primer_choice_18"), values)),
               InputError);
}

}  // namespace
}  // namespace isoloss
