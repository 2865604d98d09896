#include "harness/oneshot/item_prompt.h"

#include <fmt/format.h>

#include <algorithm>

#include "harness/oneshot/text_filters.h"
#include "model/spec/error.h"
#include "model/spec/nearest_name.h"

namespace isoloss {
namespace {

using nlohmann::json;

// A choice before templates: what {choice} stands for, and whether it is right.
struct ItemChoice {
  std::string phrase;
  bool gold = false;
  const json* element = nullptr;  // of each_of
};

const json& item_field(const TaskCard& card, const json& item, const json& holder,
                       const std::string& name) {
  const auto found = holder.find(name);
  if (found == holder.end()) {
    std::vector<std::string> known;
    for (const auto& entry : holder.items()) known.push_back(entry.key());
    fail_item(card, item,
              "field '" + name + "' is not in the item (the data have no such field)" +
                  suggestion(name, known));
  }
  return *found;
}

const json& item_list(const TaskCard& card, const json& item, const std::string& name) {
  const json& list = item_field(card, item, item, name);
  if (!list.is_array())
    fail_item(card, item, "field '" + name + "' is no list (the card takes one); mend the item");
  return list;
}

// Text as it is; anything else as JSON.
std::string value_text(const json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

std::vector<std::string> list_texts(const json& list) {
  std::vector<std::string> texts;
  for (const json& element : list) texts.push_back(value_text(element));
  return texts;
}

std::vector<std::string> arranged(Arrangement arrangement, std::vector<std::string> texts) {
  if (arrangement == Arrangement::AsGiven) return texts;
  std::sort(texts.begin(), texts.end());
  texts.erase(std::unique(texts.begin(), texts.end()), texts.end());
  if (arrangement == Arrangement::Sorted) return texts;
  std::vector<std::string> kept;
  for (const std::string& text : texts)
    if (kept.empty() || !text.starts_with(kept.back())) kept.push_back(text);
  return kept;
}

void append_labels(const TaskCard& card, const json& item, const json& holder,
                   std::vector<ItemChoice>& choices) {
  const std::string value = value_text(item_field(card, item, holder, card.gold));
  std::vector<std::string> known;
  for (const auto& [label, text] : card.labels) {
    choices.push_back({text, label == value, &holder == &item ? nullptr : &holder});
    known.push_back(label);
  }
  if (std::find(known.begin(), known.end(), value) == known.end())
    fail_item(card, item,
              fmt::format("'{}' is '{}' (no label of the card)", card.gold, value) +
                  suggestion(value, known));
}

std::vector<ItemChoice> listed_choices(const TaskCard& card, const json& item) {
  std::vector<ItemChoice> choices;
  for (const std::string& phrase :
       arranged(card.arrangement, list_texts(item_list(card, item, card.choices))))
    choices.push_back({phrase, false, nullptr});
  const json& gold = item_field(card, item, item, card.gold);
  if (gold.is_array()) {
    for (const std::string& right : list_texts(gold))
      for (ItemChoice& choice : choices)
        if (squad_normalized(choice.phrase) == squad_normalized(right)) choice.gold = true;
  } else if (gold.is_number_integer()) {
    const auto index = gold.get<std::int64_t>();
    if (index >= 0 && index < static_cast<std::int64_t>(choices.size()))
      choices[static_cast<std::size_t>(index)].gold = true;
  }
  if (std::none_of(choices.begin(), choices.end(), [](const ItemChoice& c) { return c.gold; }))
    fail_item(card, item,
              fmt::format("no choice is right ('{}' is {}, of {} choices); mend the item",
                          card.gold, gold.dump(), choices.size()));
  return choices;
}

std::vector<ItemChoice> item_choices(const TaskCard& card, const json& item) {
  if (card.labels.empty()) return listed_choices(card, item);
  std::vector<ItemChoice> choices;
  if (card.each_of.empty()) {
    append_labels(card, item, item, choices);
  } else {
    for (const json& element : item_list(card, item, card.each_of))
      append_labels(card, item, element, choices);
    if (choices.empty())
      fail_item(card, item, "'" + card.each_of + "' is empty (nothing is asked); mend the item");
  }
  return choices;
}

std::string rendered_choice(const TaskCard& card, const json& item, const ItemChoice& choice,
                            const PromptTemplate& made) {
  const json named = {{"choice", choice.phrase}};
  TemplateScope scope = {&item};
  if (choice.element) scope.push_back(choice.element);
  scope.push_back(&named);
  const std::string text = made.render(scope);
  if (&made == &card.choice && text.empty())
    fail_item(card, item, "a choice is empty (nothing would be scored); mend the item");
  return text;
}

// The right answer of a task without choices.
std::string written_answer(const TaskCard& card, const json& item) {
  if (!card.golds.empty() && item_list(card, item, card.golds).empty()) {
    if (card.unanswerable.empty())
      fail_item(card, item,
                "no gold answer ('" + card.golds + "' is empty); leave the item out or mend it");
    return card.unanswerable;
  }
  const std::string text = card.answer.render({&item});
  if (text.empty())
    fail_item(card, item, "the answer is empty (nothing would be scored); mend the item");
  return text;
}

bool truth_of(const TaskCard& card, const json& item) {
  if (card.gold.empty()) return true;
  const json& gold = item_field(card, item, item, card.gold);
  if (!gold.is_boolean())
    fail_item(card, item,
              "'" + card.gold +
                  "' is neither true nor false (it says whether the "
                  "answer is right); mend the item");
  return gold.get<bool>();
}

}  // namespace

void fail_item(const TaskCard& card, const json& item, const std::string& problem) {
  throw InputError(
      fmt::format("{}: task {}, item {}: {}", card.file, card.task, item_name({&item}), problem));
}

std::string worked_example(const TaskCard& card, const json& item) {
  if (!card.has_choices())
    return card.context.render({&item}) + card.shown_delimiter + written_answer(card, item);
  std::string text;
  for (const ItemChoice& choice : item_choices(card, item)) {
    if (!choice.gold) continue;
    if (text.empty()) text = rendered_choice(card, item, choice, card.context);
    text += card.shown_delimiter + rendered_choice(card, item, choice, card.choice);
    if (card.each_of.empty()) break;
  }
  return text;
}

ItemPrompt item_prompt(const TaskCard& card, const json& item, std::span<const json* const> shots) {
  std::string before = card.preamble;
  for (const json* shot : shots) before += worked_example(card, *shot) + card.between;
  ItemPrompt made;
  if (!card.golds.empty()) made.golds = list_texts(item_list(card, item, card.golds));
  if (card.has_choices()) {
    for (const ItemChoice& choice : item_choices(card, item)) {
      const std::string text = rendered_choice(card, item, choice, card.choice);
      made.choices.push_back({before + rendered_choice(card, item, choice, card.context),
                              card.delimiter + text, text, choice.phrase, choice.gold});
    }
    return made;
  }
  const std::string answer = written_answer(card, item);
  const std::string context = before + card.context.render({&item});
  made.choices.push_back({context, card.delimiter + answer, answer, answer, truth_of(card, item)});
  if (card.writing) {
    made.prompt = context;
    if (card.golds.empty()) made.golds = {answer};
  }
  return made;
}

}  // namespace isoloss
