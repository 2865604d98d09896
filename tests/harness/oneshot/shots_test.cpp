#include "harness/oneshot/shots.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "model/spec/error.h"
#include "tests/harness/oneshot/sample_items.h"

namespace isoloss {
namespace {

using nlohmann::json;

std::vector<json> numbered_items(int count) {
  std::vector<json> items;
  for (int i = 0; i < count; ++i) {
    const std::string id = fmt::format("i{}", i);
    items.push_back({{"id", id}, {"group", id}, {"label", i % 2 == 0}});
  }
  return items;
}

std::vector<std::string> ids_of(const std::vector<const json*>& items) {
  std::vector<std::string> ids;
  for (const json* item : items) ids.push_back(item->at("id"));
  return ids;
}

TEST(Shots, DependOnTheItemAndTheSeedButOnNoOrder) {
  const TaskCard card = built_in_card("gpt3", "piqa");
  std::vector<json> items = numbered_items(40);
  const ShotPool pool(card, items);
  std::vector<json> reversed(items.rbegin(), items.rend());
  const ShotPool same(card, reversed);
  std::set<std::vector<std::string>> seen;
  int moved = 0;
  for (const json& item : items) {
    const auto shots = ids_of(pool.drawn(7, item, 3));
    EXPECT_EQ(shots, ids_of(same.drawn(7, item, 3)));
    moved += shots != ids_of(pool.drawn(8, item, 3));
    seen.insert(shots);
  }
  EXPECT_GT(seen.size(), 35U) << "items share their shots";
  EXPECT_GT(moved, 35) << "the seed changes nothing";
}

TEST(Shots, AreDifferentItemsAndNeverTheOneAsked) {
  const TaskCard card = built_in_card("gpt3", "winograd");
  const std::vector<json> items = numbered_items(5);
  const ShotPool pool(card, items);
  for (std::uint64_t seed = 0; seed < 50; ++seed)
    for (const json& item : items) {
      std::vector<std::string> shots = ids_of(pool.drawn(seed, item, 4));
      EXPECT_THAT(shots, testing::Not(testing::Contains(item.at("id").get<std::string>())));
      std::sort(shots.begin(), shots.end());
      EXPECT_EQ(std::unique(shots.begin(), shots.end()), shots.end());
    }
  EXPECT_TRUE(pool.drawn(0, items[0], 0).empty());
}

// 4000 draws of 8: each is expected 500 times, standard deviation sqrt(4000 * 1/8 * 7/8) = 21.
TEST(Shots, EveryItemIsShownEquallyOften) {
  const TaskCard card = built_in_card("gpt3", "piqa");
  const std::vector<json> items = numbered_items(8);
  const ShotPool pool(card, items);
  std::map<std::string, int> counts;
  for (int i = 0; i < 4000; ++i)
    ++counts[ids_of(pool.drawn(1, {{"id", fmt::format("asked{}", i)}}, 1))[0]];
  EXPECT_EQ(counts.size(), 8U);
  for (const auto& [id, count] : counts) EXPECT_NEAR(count, 500, 105) << id;
}

TEST(Shots, FixedOnesAreTheSameForAllItemsAndOfThoseTheCardAllows) {
  const TaskCard card = built_in_card("gpt3", "wsc");
  const std::vector<json> items = numbered_items(30);
  const ShotPool pool(card, items);
  EXPECT_EQ(pool.size(), 15U);
  const auto first = ids_of(pool.drawn(3, {{"id", "x"}}, 2));
  EXPECT_EQ(first, ids_of(pool.drawn(3, {{"id", "y"}}, 2)));
  for (const std::string& id : first) EXPECT_EQ(std::stoi(id.substr(1)) % 2, 0);
}

TEST(Shots, TooFewItemsAreRefusedWithTheSplit) {
  const TaskCard card = built_in_card("gpt3", "piqa");
  const std::vector<json> items = numbered_items(2);
  const ShotPool pool(card, items);
  try {
    pool.drawn(0, items[0], 2);
    FAIL() << "no error";
  } catch (const InputError& error) {
    EXPECT_STREQ(error.what(),
                 "cards/gpt3/piqa.yaml: task piqa: 1 of its 2 items may be shown (split 'train'; 2 "
                 "are wanted); prepare that split or ask for fewer shots");
  }
}

TEST(AskedItems, TheLastOfAGroupOrEachAnswerIsAsked) {
  TaskCard card;
  card.last_of_group = true;
  const std::vector<json> items = {
      {{"id", "1"}, {"group", "g"}}, {{"id", "2"}, {"group", "h"}}, {{"id", "3"}, {"group", "g"}}};
  const std::vector<json> asked = asked_items(card, items);
  ASSERT_EQ(asked.size(), 2U);
  EXPECT_EQ(asked[0]["id"], "2");
  EXPECT_EQ(asked[1]["id"], "3");
  const std::vector<json> answers =
      asked_items(built_in_card("lmeval", "multirc"), sample_items("multirc"));
  ASSERT_EQ(answers.size(), 5U);
  EXPECT_EQ(answers[1]["id"], "multirc-a.1");
  EXPECT_EQ(answers[1]["text"], "a horse");
  EXPECT_EQ(answers[1]["group"], "p1");
}

TEST(AskedItems, AreCountedByGroupWithoutBeingMade) {
  for (const char* data : {"multirc", "race_high", "coqa", "piqa"})
    for (const char* profile : {"lmeval", "gpt3"}) {
      const TaskCard card = built_in_card(profile, data);
      const std::vector<json> items = sample_items(data), asked = asked_items(card, items);
      std::map<std::string, std::int64_t> groups;
      for (const json& item : asked) ++groups[item.at("group")];
      EXPECT_EQ(asked_by_group(card, items), groups) << profile << "/" << data;
      EXPECT_EQ(asked_count(card, items), std::ssize(asked)) << profile << "/" << data;
    }
}

TEST(AskedItems, ElementsThatAreAskedAreObjects) {
  TaskCard card;
  card.file = "cards/mine.yaml";
  card.task = "mine";
  card.items_of = "answers";
  const std::vector<json> items = {
      {{"id", "1"}, {"group", "1"}, {"answers", {{{"text", "a"}}, "b"}}}};
  try {
    asked_items(card, items);
    FAIL() << "no error";
  } catch (const InputError& error) {
    EXPECT_STREQ(
        error.what(),
        "cards/mine.yaml: task mine, item 1: element 1 of 'answers' is no object (items_of "
        "takes its fields); mend the item");
  }
}

TEST(AskedItems, IdsMustBeThereAndUnique) {
  TaskCard card;
  card.task = "mine";
  const std::vector<json> twice = {{{"id", "1"}, {"group", "1"}}, {{"id", "1"}, {"group", "1"}}};
  EXPECT_THROW(asked_items(card, twice), InputError);
  const std::vector<json> none = {{{"group", "1"}}};
  EXPECT_THROW(asked_items(card, none), InputError);
}

}  // namespace
}  // namespace isoloss
