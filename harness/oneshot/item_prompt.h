// A card, an item and worked examples make the texts a model sees. Where a card's context names
// {choice} every choice has a context of its own (partial evaluation).
#pragma once
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

#include "harness/oneshot/task_card.h"

namespace isoloss {

struct PromptChoice {
  std::string context;       // examples and the question
  std::string continuation;  // delimiter and answer: what is scored
  std::string text;          // the answer without its delimiter
  std::string phrase;        // the element of the list it was made from
  bool gold = false;

  bool operator==(const PromptChoice&) const = default;
};

struct ItemPrompt {
  std::string prompt;                 // of tasks that write: examples and the question
  std::vector<PromptChoice> choices;  // of tasks without choices: the right answer alone
  std::vector<std::string> golds;     // accepted answers of tasks that write or choose a phrase

  bool operator==(const ItemPrompt&) const = default;
};

// An item answered, as it is shown before others: context, delimiter, the (first) right answer.
std::string worked_example(const TaskCard& card, const nlohmann::json& item);

// The prompt of an item after `shots`, in their order. InputError naming card, item and field:
// fields that are missing, no right answer, an empty one, a label the card doesn't know.
ItemPrompt item_prompt(const TaskCard& card, const nlohmann::json& item,
                       std::span<const nlohmann::json* const> shots);

// Throws the InputError of one item of a task.
[[noreturn]] void fail_item(const TaskCard& card, const nlohmann::json& item,
                            const std::string& problem);

}  // namespace isoloss
