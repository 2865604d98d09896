#include "harness/one_shot.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "harness/oneshot/text_task.h"
#include "harness/symbol_order.h"
#include "model/spec/catalogue.h"
#include "sweeps/study.h"
#include "tests/harness/oneshot/made_prose.h"

namespace isoloss {
namespace {

constexpr std::int64_t kSequence = 128;

class TextOnly : public Dataset {
 public:
  explicit TextOnly(std::string text) : text_(std::move(text)) {}
  std::int64_t vocabulary() const override { return 256; }
  std::string tokenizer_name() const override { return "bytes"; }
  std::string tokenizer_hash() const override { return ""; }
  std::int64_t training_tokens() const override { return 0; }
  const HeldOut& held_out() const override { return held_out_; }
  std::vector<std::int32_t> samples(std::uint64_t, std::int64_t, std::int64_t,
                                    std::int64_t) const override {
    return {};
  }
  const std::string& held_out_text() const override { return text_; }
  std::vector<std::int32_t> encode(const std::string& text) const override {
    return bytes_of(text);
  }

 private:
  std::string text_;
  HeldOut held_out_;
};

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

TEST(OneShot, ScoresLieBetweenZeroAndOneWithTheErrorOfTheirShare) {
  const LanguageModel model = tiny_model();
  const TextOnly dataset(prose(400));
  const auto never = [] { return false; };
  const std::vector<std::string> tasks = {"last-word", "continuation"};
  const auto scores = *score_one_shot(model, dataset, tasks, 7, never);
  EXPECT_FALSE(score_one_shot(model, dataset, tasks, 7, [] { return true; }));
  ASSERT_EQ(scores.size(), 2u);
  for (const Score& score : scores) {
    EXPECT_GE(score.value, 0);
    EXPECT_LE(score.value, 1);
    EXPECT_EQ(score.n, 128);
    EXPECT_EQ(score.step, 7);
    EXPECT_EQ(score.metric, "accuracy");
    EXPECT_DOUBLE_EQ(score.standard_error, std::sqrt(score.value * (1 - score.value) / 128));
  }
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
      *score_one_shot(model, TextOnly(text), {"continuation"}, 0, [] { return false; });
  EXPECT_DOUBLE_EQ(scores.at(0).value, right / 128);
}

TEST(OneShot, NoTextGivesNoScore) {
  const LanguageModel model = tiny_model();
  const auto never = [] { return false; };
  EXPECT_TRUE(score_one_shot(model, TextOnly(""), one_shot_task_names(), 0, never)->empty());
}

// A language as data, and no text.
class LanguageOnly final : public TextOnly {
 public:
  LanguageOnly() : TextOnly(""), language_(make_language(SyntheticSpec())) {}
  const SyntheticLanguage* language() const override { return &language_; }

 private:
  SyntheticLanguage language_;
};

TEST(OneShot, ALanguageHasItsScoreAndTheBestPossible) {
  const LanguageModel model = tiny_model();
  const LanguageOnly dataset;
  const auto never = [] { return false; };
  const auto scores = *score_one_shot(model, dataset, one_shot_task_names(), 3, never);
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
    score_one_shot(model, TextOnly(prose(50)), {"lambada"}, 0, [] { return false; });
    FAIL() << "scored";
  } catch (const std::exception& error) {
    EXPECT_NE(std::string(error.what()).find("lambada"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace isoloss
