#include "harness/oneshot/own_items.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "model/spec/error.h"
#include "tests/harness/oneshot/byte_scorer.h"
#include "tests/temporary_folder.h"

namespace isoloss {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class OwnItems : public testing::Test {
 protected:
  void SetUp() override {
    write("mine.yaml",
          "data: mine\nsplit: test\nshots_from: train\ncontext: \"{q}\"\nanswer: \"{a}\"\n"
          "chance: 0\nmetrics: {accuracy: greedy}\n");
    write("mine.test.jsonl", "{\"id\":\"1\",\"group\":\"1\",\"q\":\"2+2=\",\"a\":\"4\"}\n\n");
    write("mine.train.jsonl", "{\"id\":\"t\",\"group\":\"t\",\"q\":\"1+1=\",\"a\":\"2\"}\n");
  }

  void write(const std::string& name, const std::string& text) { own_.write(name, text); }
  std::string fault() {
    try {
      items_beside_card(cards_in(folder_).at(0), 1);
    } catch (const InputError& error) {
      return error.what();
    }
    return "no error";
  }

  const test::TemporaryFolder own_;
  const fs::path folder_ = own_.path();
};

TEST_F(OwnItems, ATaskOfAUsersOwnIsScoredFromFilesBesideItsCard) {
  const TaskCard card = cards_in(folder_).at(0);
  ByteScorer scorer;
  const TaskScores scores = evaluate_task(card, items_beside_card(card, 1), scorer, {});
  EXPECT_EQ(text_of(scorer.asked.at(0).context), "1+1= 2\n\n2+2=");
  EXPECT_EQ(scores.profile, "own");
  EXPECT_EQ(scores.data_digest.size(), 16U);
}

TEST_F(OwnItems, WithoutShotsTheirFileIsNotNeeded) {
  fs::remove(folder_ / "mine.train.jsonl");
  EXPECT_EQ(items_beside_card(cards_in(folder_).at(0), 0).items.size(), 1U);
  EXPECT_THAT(fault(), HasSubstr("mine.train.jsonl: cannot read the items of task mine"));
}

TEST_F(OwnItems, AnItemWithoutAGroupIsOneOfItsOwn) {
  write("mine.test.jsonl", "{\"id\":\"7\",\"q\":\"2+2=\",\"a\":\"4\"}\n");
  EXPECT_EQ(items_beside_card(cards_in(folder_).at(0), 0).items.at(0).at("group"), "7");
}

TEST_F(OwnItems, FaultsNameFileAndLine) {
  write("mine.test.jsonl", "\n[1]\n");
  EXPECT_THAT(fault(), HasSubstr("mine.test.jsonl:2: no JSON object"));
  write("mine.test.jsonl", "{\"q\":\"\\udc80\"}\n");
  EXPECT_THAT(fault(), HasSubstr("mine.test.jsonl:1: half of a surrogate pair, \\udc80 ("));
  write("mine.test.jsonl", "");
  EXPECT_THAT(fault(), HasSubstr("mine.test.jsonl: no items"));
}

}  // namespace
}  // namespace isoloss
