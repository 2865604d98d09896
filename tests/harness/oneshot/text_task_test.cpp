#include "harness/oneshot/text_task.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <sstream>

#include "harness/oneshot/text_pieces.h"
#include "tests/harness/oneshot/made_prose.h"

namespace isoloss {
namespace {

constexpr std::int64_t kSequence = 128;

OneShotTask task_of(const std::string& name, const std::string& text,
                    std::int64_t sequence = kSequence) {
  const EncodeFunction encode = bytes_of;
  return text_task(name, {text, encode, sequence, 1});
}
OneShotTask last_word(const std::string& text) { return task_of("last-word", text); }
OneShotTask continuation(const std::string& text) { return task_of("continuation", text); }

// A text and a sequence at which every task has items.
const std::string& rich_text() {
  static const std::string text = prose(300) + prose_of_names(200) + word_soup(200);
  return text;
}
constexpr std::int64_t kLongSequence = 400;

TEST(TextTasks, AnItemIsNeverItsOwnShot) {
  for (const OneShotItem& item : last_word(prose(400)).items)
    EXPECT_NE(item.shot, item.context + item.answers[0] + ".\n");
  for (const OneShotItem& item : continuation(prose(400)).items)
    EXPECT_EQ(item.shot.find(item.context + item.answers[item.right]), std::string::npos);
}

TEST(TextTasks, EveryRowFitsTheSequence) {
  for (const OneShotTask& task : {last_word(prose(400)), continuation(prose(400))}) {
    EXPECT_EQ(task.items.size(), 128u);
    for (const OneShotItem& item : task.items)
      for (const std::string& answer : item.answers)
        EXPECT_LE((item.shot + item.context + answer).size(), 128u);
  }
}

TEST(TextTasks, LongerContextsTakeLongerPassages) {
  const OneShotTask task = task_of("continuation", prose(400), 512);
  ASSERT_FALSE(task.items.empty());
  const OneShotItem& item = task.items[0];
  const std::size_t length = (item.shot + item.context + item.answers[0]).size();
  EXPECT_GT(length, 256u);
  EXPECT_LE(length, 512u);
}

TEST(TextTasks, ItemsAreTheSameEveryTime) {
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

TEST(TextTasks, LastWordItemsAreSentencesOfTheText) {
  const std::string flat = flattened(prose(400));
  for (const OneShotItem& item : last_word(prose(400)).items) {
    EXPECT_NE(flat.find(item.context + item.answers[0] + "."), std::string::npos);
    EXPECT_EQ(item.answers[0][0], ' ');
    EXPECT_EQ(item.answers[0].find(' ', 1), std::string::npos);
  }
}

TEST(TextTasks, ChanceOfTheLastWordIsTheShareOfTheMostFrequentAnswer) {
  const OneShotTask task = last_word(prose(400));
  std::map<std::string, int> counts;
  for (const OneShotItem& item : task.items) ++counts[item.answers[0]];
  int most = 0;
  for (const auto& [answer, count] : counts) most = std::max(most, count);
  EXPECT_DOUBLE_EQ(task.chance, most / 128.0);
}

TEST(TextTasks, ContinuationsAreOfEqualLengthAndTheRightOneFollows) {
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

TEST(TextTasks, TooFewItemsGiveNone) {
  EXPECT_TRUE(last_word(prose(10)).items.empty());
  EXPECT_TRUE(continuation("A short text.").items.empty());
  EXPECT_FALSE(last_word(prose(20)).items.empty());
}

TEST(TextTasks, ASequenceTooShortForAnItemGivesNone) {
  EXPECT_TRUE(task_of("last-word", prose(400), 24).items.empty());
  EXPECT_TRUE(task_of("continuation", prose(400), 24).items.empty());
}

std::vector<std::string> words_of(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

const std::string& right_answer(const OneShotItem& item) { return item.answers[item.right]; }

class EveryTextTask : public testing::TestWithParam<std::string> {
 protected:
  OneShotTask task_ = task_of(GetParam(), rich_text(), kLongSequence);
};

INSTANTIATE_TEST_SUITE_P(Tasks, EveryTextTask, testing::ValuesIn(text_task_kinds()),
                         [](const auto& named) {
                           std::string name = named.param;
                           std::erase(name, '-');
                           return name;
                         });

TEST_P(EveryTextTask, HasItemsThatFitTheSequence) {
  EXPECT_GE(task_.items.size(), 100u);
  for (const OneShotItem& item : task_.items)
    for (const std::string& answer : item.answers)
      EXPECT_LE((item.shot + item.context + answer).size(), 400u);
}

TEST_P(EveryTextTask, AsksNoItemInItsOwnShot) {
  for (const OneShotItem& item : task_.items) {
    EXPECT_EQ(item.shot.back(), '\n');
    EXPECT_EQ(item.shot.find(item.context + right_answer(item)), std::string::npos);
  }
}

TEST_P(EveryTextTask, HasDistinctAnswersAndNoFavouredPlace) {
  std::map<std::size_t, int> places;
  for (const OneShotItem& item : task_.items) {
    ++places[item.right];
    EXPECT_EQ(std::set<std::string>(item.answers.begin(), item.answers.end()).size(),
              item.answers.size());
    for (const std::string& answer : item.answers) EXPECT_EQ(answer[0], ' ');
    if (item.answers.size() > 1) {
      EXPECT_DOUBLE_EQ(task_.chance, 1.0 / static_cast<double>(item.answers.size()));
    }
  }
  // Of n items in k places a place holds more than n / k + 4 sqrt(n / k) once in 10^4.
  const double mean =
      static_cast<double>(task_.items.size()) / static_cast<double>(task_.items[0].answers.size());
  for (const auto& [place, count] : places) EXPECT_LT(count, mean + 4 * std::sqrt(mean)) << place;
}

TEST_P(EveryTextTask, IsTheSameEveryTime) {
  const OneShotTask again = task_of(GetParam(), rich_text(), kLongSequence);
  ASSERT_EQ(again.items.size(), task_.items.size());
  for (std::size_t i = 0; i < again.items.size(); ++i) {
    EXPECT_EQ(again.items[i].shot, task_.items[i].shot);
    EXPECT_EQ(again.items[i].context, task_.items[i].context);
    EXPECT_EQ(again.items[i].answers, task_.items[i].answers);
  }
}

TEST_P(EveryTextTask, HasNoItemsWithoutText) {
  EXPECT_TRUE(task_of(GetParam(), "", kLongSequence).items.empty());
}

TEST(TextTasks, TheNextPassageFollowsAndEveryPassageBeginsASentence) {
  const std::string flat = flattened(prose(400));
  const OneShotTask task = task_of("next-passage", prose(400));
  ASSERT_FALSE(task.items.empty());
  for (const OneShotItem& item : task.items) {
    EXPECT_EQ(item.context.back(), '.');
    EXPECT_NE(flat.find(item.context + right_answer(item)), std::string::npos);
    for (const std::string& answer : item.answers) {
      EXPECT_EQ(answer.size(), item.answers[0].size());
      EXPECT_NE(flat.find("." + answer), std::string::npos);
    }
  }
}

TEST(TextTasks, SentencesInTheRightOrderStandInTheText) {
  const std::string flat = flattened(prose(400));
  const OneShotTask task = task_of("sentence-order", prose(400), 400);
  ASSERT_FALSE(task.items.empty());
  EXPECT_EQ(task.chance, 0.5);
  for (const OneShotItem& item : task.items) {
    EXPECT_NE(flat.find(item.context + right_answer(item)), std::string::npos);
    std::string one = item.answers[0], two = item.answers[1];
    std::ranges::sort(one);
    std::ranges::sort(two);
    EXPECT_EQ(one, two);
  }
}

TEST(TextTasks, TheNameToRecallStandsInItsPassageOnceAndTheOthersDoNot) {
  const std::string text = prose_of_names(300);
  const OneShotTask task = task_of("name-recall", text, 400);
  ASSERT_FALSE(task.items.empty());
  for (const OneShotItem& item : task.items) {
    EXPECT_NE(text.find(item.context + right_answer(item)), std::string::npos);
    std::vector<std::string> words = words_of(item.context);
    for (std::string& word : words) std::erase(word, '.');
    for (std::size_t i = 0; i < item.answers.size(); ++i)
      EXPECT_EQ(std::ranges::count(words, item.answers[i].substr(1)), i == item.right ? 1 : 0);
    EXPECT_EQ(item.shot.find(right_answer(item)), std::string::npos);
  }
}

TEST(TextTasks, CopyingAsksForTheSameWordsInTheSameOrder) {
  const OneShotTask task = task_of("copying", word_soup(200));
  ASSERT_FALSE(task.items.empty());
  for (const OneShotItem& item : task.items) {
    EXPECT_EQ(item.context, right_answer(item).substr(1) + " :");
    std::vector<std::string> asked = words_of(right_answer(item));
    std::ranges::sort(asked);
    for (const std::string& answer : item.answers) {
      std::vector<std::string> words = words_of(answer);
      std::ranges::sort(words);
      EXPECT_EQ(words, asked);
    }
    const std::size_t colon = item.shot.find(" : ");
    EXPECT_EQ(item.shot.substr(0, colon) + "\n", item.shot.substr(colon + 3));
    for (const std::string& word : asked)
      EXPECT_EQ(std::ranges::count(words_of(item.shot), word), 0);
  }
}

TEST(TextTasks, MappingAddsWhatItsExampleAdded) {
  const OneShotTask task = task_of("mapping", "any text");
  EXPECT_EQ(task.items.size(), 128u);
  for (const OneShotItem& item : task.items) {
    const std::vector<std::string> shot = words_of(item.shot);
    const std::vector<std::string> asked = words_of(item.context);
    ASSERT_EQ(shot.size(), 3u);
    EXPECT_EQ(shot[1], "->");
    const int added = std::stoi(shot[2]) - std::stoi(shot[0]);
    for (std::size_t i = 0; i < item.answers.size(); ++i)
      EXPECT_EQ(std::stoi(item.answers[i]) - std::stoi(asked[0]) == added, i == item.right);
  }
}

}  // namespace
}  // namespace isoloss
