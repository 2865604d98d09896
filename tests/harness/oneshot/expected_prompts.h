// What a card makes of its sample: the texts, and where the tokens of each are divided under a
// tokenizer of bytes.
#pragma once
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "harness/oneshot/item_prompt.h"
#include "harness/oneshot/shots.h"
#include "harness/oneshot/token_boundary.h"
#include "tests/harness/oneshot/byte_scorer.h"
#include "tests/harness/oneshot/sample_items.h"

namespace isoloss {

struct ExpectedPrompt {
  std::string task;
  std::vector<std::string> contexts;  // one for all choices, or one a choice
  std::vector<std::string> continuations;
  std::vector<std::size_t> right;  // choices
  std::vector<std::string> golds;
  std::vector<std::pair<std::size_t, std::size_t>> tokens;  // of context and continuation, a choice
};

inline void expect_prompt(const std::string& profile, const ExpectedPrompt& expected) {
  SCOPED_TRACE(profile + "/" + expected.task);
  const TaskCard card = built_in_card(profile, expected.task);
  const std::vector<nlohmann::json> items = asked_items(card, sample_items(card.data));
  ASSERT_GE(items.size(), 2U);
  const nlohmann::json* const shots[] = {&items[1]};
  const ItemPrompt prompt = item_prompt(card, items[0], shots);
  ASSERT_EQ(prompt.choices.size(), expected.continuations.size());
  std::vector<std::size_t> right;
  for (std::size_t i = 0; i < prompt.choices.size(); ++i) {
    const PromptChoice& choice = prompt.choices[i];
    const auto [context, continuation] = moved_blanks(choice.context, choice.continuation);
    EXPECT_EQ(context, expected.contexts[expected.contexts.size() > 1 ? i : 0]);
    EXPECT_EQ(continuation, expected.continuations[i]);
    const ScoreRequest request = encoded_request(ByteScorer(), context, continuation);
    EXPECT_EQ(request.context.size(), expected.tokens[i].first);
    EXPECT_EQ(request.continuation.size(), expected.tokens[i].second);
    if (choice.gold) right.push_back(i);
  }
  EXPECT_EQ(right, expected.right);
  EXPECT_EQ(prompt.golds, expected.golds);
  EXPECT_EQ(prompt.prompt, card.writing ? expected.contexts[0] : "");
}

inline std::set<std::string> tasks_of(const std::string& profile) {
  std::set<std::string> tasks;
  for (const TaskCard& card : built_in_cards(profile)) tasks.insert(card.task);
  return tasks;
}

}  // namespace isoloss
