#include "harness/scoring/one_shot.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <numeric>
#include <optional>

#include "harness/data/symbol_order.h"
#include "harness/oneshot/text_task.h"
#include "harness/ranks/self_communicator.h"
#include "model/spec/catalogue.h"
#include "sweeps/study.h"
#include "tests/harness/text_only.h"

namespace isoloss {
namespace {

constexpr std::int64_t kSequence = 128;

LanguageModel tiny_model() {
  set_intra_op_threads(1);
  ModelSpec spec = named_architecture("transformer");
  spec.layers = 1;
  spec.d_model = 16;
  spec.d_head = 8;
  spec.sequence = kSequence;
  spec.vocabulary = 256;
  return LanguageModel(spec, 1);
}

std::optional<OneShotScores> scored_alone(const LanguageModel& model, const Dataset& dataset,
                                          const std::vector<std::string>& tasks, std::int64_t step,
                                          const std::function<bool()>& stop) {
  SelfCommunicator alone;
  return score_one_shot(model, dataset, tasks, step, alone, stop);
}

// The cluster-robust error of Liang & Zeger 1986 as docs/scoring.md prints it: items of one page
// count together.
double page_error(const TaskScores& scores) {
  double mean = 0;
  for (const TaskItem& item : scores.items) mean += item.values[0] / 128;
  std::map<std::string, double> pages;
  for (const TaskItem& item : scores.items) pages[item.cluster] += item.values[0] - mean;
  EXPECT_GT(pages.size(), 1U);
  EXPECT_LT(pages.size(), 128U);
  double squares = 0;
  for (const auto& [page, sum] : pages) squares += sum * sum;
  const auto count = static_cast<double>(pages.size());
  return std::sqrt(count / (count - 1) * squares) / 128;
}

TEST(OneShot, ScoresLieBetweenZeroAndOneWithTheErrorOfTheirRows) {
  const LanguageModel model = tiny_model();
  const TextOnly dataset(prose(400));
  const auto never = [] { return false; };
  const std::vector<std::string> tasks = {"last-word", "continuation"};
  const auto scored = *scored_alone(model, dataset, tasks, 7, never);
  const std::vector<Score>& scores = scored.scores;
  EXPECT_FALSE(scored_alone(model, dataset, tasks, 7, [] { return true; }));
  ASSERT_EQ(scores.size(), 2u);
  for (const Score& score : scores) {
    EXPECT_GE(score.value, 0);
    EXPECT_LE(score.value, 1);
    EXPECT_EQ(score.n, 128);
    EXPECT_EQ(score.step, 7);
    EXPECT_EQ(score.metric, "accuracy");
  }
  ASSERT_EQ(scored.rows.size(), 2u);
  for (std::size_t task = 0; task < 2; ++task)
    EXPECT_NEAR(scores[task].standard_error, page_error(scored.rows[task]), 1e-12);
  EXPECT_EQ(scores[0].task, "last-word");
  EXPECT_EQ(scores[1].chance, 0.25);
}

TEST(OneShot, RowsScoredAloneAndWithoutPaddingGiveTheSameScores) {
  const LanguageModel model = tiny_model();
  const std::string text = prose(400);
  const auto nats = [&](const OneShotItem& item, std::size_t answer) {
    const auto tokens = bytes_of(item.shot + item.context + item.answers[answer]);
    const auto losses = model.token_losses(tokens, static_cast<std::int64_t>(tokens.size()));
    double sum = 0;
    for (std::size_t i = losses.size() - item.answers[answer].size(); i < losses.size(); ++i)
      sum += static_cast<double>(losses[i]);
    return sum;
  };
  double right = 0;
  const EncodeFunction encode = bytes_of;
  const OneShotTask task = text_task("continuation", {text, encode, kSequence, 1});
  for (const OneShotItem& item : task.items) {
    std::size_t best = 0;
    for (std::size_t i = 1; i < 4; ++i)
      if (nats(item, i) < nats(item, best)) best = i;
    right += best == item.right ? 1 : 0;
  }
  const auto scores =
      *scored_alone(model, TextOnly(text), {"continuation"}, 0, [] { return false; });
  EXPECT_DOUBLE_EQ(scores.scores.at(0).value, right / 128);
  const TaskScores& rows = scores.rows.at(0);
  ASSERT_EQ(rows.rows.size(), 4 * task.items.size());
  for (std::size_t i = 0; i < task.items.size(); ++i) {
    const OneShotItem& item = task.items[i];
    for (std::size_t answer = 0; answer < 4; ++answer) {
      const ChoiceRow& row = rows.rows[4 * i + answer];
      EXPECT_EQ(row.gold, answer == item.right);
      EXPECT_EQ(row.bytes, std::ssize(item.answers[answer]));
      EXPECT_EQ(row.tokens, row.bytes);
    }
    const double gold = nats(item, item.right);
    const double bits = gold / std::log(2) / static_cast<double>(item.answers[item.right].size());
    EXPECT_NEAR(rows.rows[4 * i + item.right].log_probability, -gold, 1e-4 * gold);
    EXPECT_NEAR(rows.items[i].gold_bits_per_byte, bits, 1e-4 * bits);
  }
}

// What pairing needs: two models' rows are of the same items, another text's are not.
TEST(OneShot, RowsOfTwoModelsAreOfTheSameItems) {
  const LanguageModel model = tiny_model();
  ModelSpec other_spec = model.spec();
  other_spec.d_model = 8;
  const LanguageModel other(other_spec, 2);
  const auto never = [] { return false; };
  const auto rows = [&](const LanguageModel& asked, const std::string& text) {
    return scored_alone(asked, TextOnly(text), {"last-word"}, 0, never)->rows.at(0);
  };
  const TaskScores first = rows(model, prose(400)), second = rows(other, prose(400));
  EXPECT_NE(first.rows, second.rows);
  EXPECT_EQ(first.data_digest, second.data_digest);
  EXPECT_EQ(first.card_digest, second.card_digest);
  EXPECT_NE(first.data_digest, rows(model, prose(300)).data_digest);
}

TEST(OneShot, NoTextGivesNoScore) {
  const LanguageModel model = tiny_model();
  const auto never = [] { return false; };
  EXPECT_TRUE(scored_alone(model, TextOnly(""), one_shot_task_names(), 0, never)->scores.empty());
}

TEST(OneShot, TasksWithoutAScoreAreThoseThatGiveNone) {
  const std::vector<std::string> tasks = {"last-word", "symbol-order", "continuation"};
  const std::vector<std::string> of_a_language = {"symbol-order"};
  EXPECT_EQ(tasks_without_score(TextOnly(prose(400)), kSequence, tasks), of_a_language);
  EXPECT_EQ(tasks_without_score(TextOnly(prose(2)), kSequence, tasks), tasks);
}

TEST(OneShot, ALanguageHasItsScoreAndTheBestPossible) {
  const LanguageModel model = tiny_model();
  const LanguageOnly dataset;
  const auto never = [] { return false; };
  const auto scored = *scored_alone(model, dataset, one_shot_task_names(), 3, never);
  const std::vector<Score>& scores = scored.scores;
  ASSERT_EQ(scored.rows.size(), 1u);                         // the best possible has none
  EXPECT_EQ(scored.rows[0].items[0].gold_bits_per_byte, 0);  // symbols have no bytes
  ASSERT_EQ(scores.size(), 2u);
  EXPECT_EQ(scores[0].task, "symbol-order");
  EXPECT_EQ(scores[1].task, "symbol-order-best");
  const SymbolOrderTask task = symbol_order_task(*dataset.language(), kSequence);
  EXPECT_GE(task.items.size(), 100u);
  EXPECT_EQ(scores[0].n, static_cast<std::int64_t>(task.items.size()));
  EXPECT_EQ(scores[0].chance, 0.25);
  EXPECT_EQ(scores[1].value, task.best);
  EXPECT_EQ(scores[1].standard_error, 0);
  // By one row at a time.
  double right = 0;
  for (const SymbolOrderItem& item : task.items) {
    std::vector<double> nats;
    for (const auto& row : item.rows) {
      const auto losses = model.token_losses(row, kSequence);
      nats.push_back(std::accumulate(losses.end() - 8, losses.end(), 0.0));
    }
    const auto least = std::ranges::min_element(nats) - nats.begin();
    right += least == static_cast<std::ptrdiff_t>(item.right) ? 1 : 0;
  }
  EXPECT_DOUBLE_EQ(scores[0].value, right / static_cast<double>(task.items.size()));
}

TEST(OneShot, AStudyFileMayNameTheTasksThatThereAre) {
  std::vector<std::string> names = text_task_names();
  names.emplace_back(kSymbolOrderTask);
  EXPECT_EQ(names, one_shot_task_names());
}

TEST(OneShot, AnUnknownTaskIsRefusedByName) {
  const LanguageModel model = tiny_model();
  try {
    scored_alone(model, TextOnly(prose(50)), {"lambada"}, 0, [] { return false; });
    FAIL() << "scored";
  } catch (const std::exception& error) {
    EXPECT_NE(std::string(error.what()).find("lambada"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace isoloss
