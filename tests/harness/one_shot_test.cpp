#include "harness/one_shot.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "harness/one_shot_items.h"
#include "harness/tokenizer.h"
#include "model/spec/catalogue.h"
#include "model/spec/counter_random.h"

namespace isoloss {
namespace {

constexpr std::int64_t kSequence = 128;

std::vector<std::int32_t> bytes_of(const std::string& text) {
  return byte_tokenizer()->encode(text);
}

// Sentences of five to seven words out of a small vocabulary; "sea" ends every fourth.
std::string prose(std::size_t sentences) {
  const char* words[] = {"whale", "boat", "wind", "night", "sailor", "rope", "deck", "island"};
  std::string text;
  for (std::uint64_t i = 0; i < sentences; ++i) {
    text += "The";
    const std::uint64_t count = 4 + random_below(1, 1, i, 3);
    for (std::uint64_t w = 0; w < count; ++w)
      text += fmt::format(" {}", words[random_below(1, 2, 8 * i + w, 8)]);
    text += i % 4 == 0 ? " sea.\n" : fmt::format(" {}.\n", words[random_below(1, 3, i, 8)]);
  }
  return text;
}

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

OneShotTask last_word(const std::string& text) { return last_word_task(text, bytes_of, kSequence); }
OneShotTask continuation(const std::string& text) {
  return continuation_task(text, bytes_of, kSequence, 1);
}

TEST(OneShot, AnItemIsNeverItsOwnShot) {
  for (const OneShotItem& item : last_word(prose(400)).items)
    EXPECT_NE(item.shot, item.context + item.answers[0] + ".\n");
  for (const OneShotItem& item : continuation(prose(400)).items)
    EXPECT_EQ(item.shot.find(item.context + item.answers[item.right]), std::string::npos);
}

TEST(OneShot, EveryRowFitsTheSequence) {
  for (const OneShotTask& task : {last_word(prose(400)), continuation(prose(400))}) {
    EXPECT_EQ(task.items.size(), 128u);
    for (const OneShotItem& item : task.items)
      for (const std::string& answer : item.answers)
        EXPECT_LE((item.shot + item.context + answer).size(), 128u);
  }
}

TEST(OneShot, LongerContextsTakeLongerPassages) {
  const OneShotTask task = continuation_task(prose(400), bytes_of, 512, 1);
  ASSERT_FALSE(task.items.empty());
  const OneShotItem& item = task.items[0];
  const std::size_t length = (item.shot + item.context + item.answers[0]).size();
  EXPECT_GT(length, 256u);
  EXPECT_LE(length, 512u);
}

TEST(OneShot, ItemsAreTheSameEveryTime) {
  const auto texts = [](const OneShotTask& task) {
    std::string all;
    for (const OneShotItem& item : task.items)
      all += fmt::format("{}|{}|{}|{}\n", item.shot, item.context, fmt::join(item.answers, ","),
                         item.right);
    return all;
  };
  EXPECT_EQ(texts(last_word(prose(400))), texts(last_word(prose(400))));
  EXPECT_EQ(texts(continuation(prose(400))), texts(continuation(prose(400))));
  EXPECT_NE(texts(last_word(prose(400))), texts(last_word(prose(300))));
}

TEST(OneShot, LastWordItemsAreSentencesOfTheText) {
  const std::string flat = flattened(prose(400));
  for (const OneShotItem& item : last_word(prose(400)).items) {
    EXPECT_NE(flat.find(item.context + item.answers[0] + "."), std::string::npos);
    EXPECT_EQ(item.answers[0][0], ' ');
    EXPECT_EQ(item.answers[0].find(' ', 1), std::string::npos);
  }
}

TEST(OneShot, ChanceOfTheLastWordIsTheShareOfTheMostFrequentAnswer) {
  const OneShotTask task = last_word(prose(400));
  std::map<std::string, int> counts;
  for (const OneShotItem& item : task.items) ++counts[item.answers[0]];
  int most = 0;
  for (const auto& [answer, count] : counts) most = std::max(most, count);
  EXPECT_DOUBLE_EQ(task.chance, most / 128.0);
}

TEST(OneShot, ContinuationsAreOfEqualLengthAndTheRightOneFollows) {
  const std::string flat = flattened(prose(400));
  std::set<std::size_t> places;
  const OneShotTask task = continuation(prose(400));
  EXPECT_EQ(task.chance, 0.25);
  for (const OneShotItem& item : task.items) {
    ASSERT_EQ(item.answers.size(), 4u);
    for (const std::string& answer : item.answers) {
      EXPECT_EQ(answer.size(), item.answers[0].size());
      EXPECT_EQ(answer[0], ' ');
      EXPECT_NE(flat.find(answer), std::string::npos);
    }
    EXPECT_NE(flat.find(item.context + item.answers[item.right]), std::string::npos);
    places.insert(item.right);
  }
  EXPECT_EQ(places.size(), 4u);
}

TEST(OneShot, TooFewItemsGiveNone) {
  EXPECT_TRUE(last_word(prose(10)).items.empty());
  EXPECT_TRUE(continuation("A short text.").items.empty());
  EXPECT_FALSE(last_word(prose(20)).items.empty());
}

TEST(OneShot, ASequenceTooShortForAnItemGivesNone) {
  EXPECT_TRUE(last_word_task(prose(400), bytes_of, 24).items.empty());
  EXPECT_TRUE(continuation_task(prose(400), bytes_of, 24, 1).items.empty());
}

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
  const auto scores = *score_one_shot(model, dataset, one_shot_task_names(), 7, never);
  EXPECT_FALSE(score_one_shot(model, dataset, one_shot_task_names(), 7, [] { return true; }));
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
  const OneShotTask task = continuation(text);
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
