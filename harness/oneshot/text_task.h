// One-shot tasks that need no download: their items are made from a study's own held-out text, as
// text, drawn by counter keys alone, so they are the same for every model. docs/scoring.md
// describes each.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace isoloss {

struct OneShotItem {
  std::string shot;                  // the worked example, ending in a line end
  std::string context;               // what is asked
  std::vector<std::string> answers;  // one to be produced, or several to choose from
  std::size_t right = 0;             // index into answers
  // Byte of the flattened text (text_pieces.h) near which what is asked stands; absent of items
  // that no place of the text makes alike.
  std::optional<std::size_t> place = std::nullopt;
};

struct OneShotTask {
  std::vector<OneShotItem> items;  // empty where the text gives fewer than 16
  double chance = 0;               // share of right answers without a model
};

using EncodeFunction = std::function<std::vector<std::int32_t>(const std::string&)>;

// What items are made from. Every shot + context + answer encodes to at most `sequence` tokens;
// `bytes_per_token` sizes passages before that is checked.
struct TaskText {
  const std::string& text;
  const EncodeFunction& encode;
  std::int64_t sequence = 0;
  double bytes_per_token = 1;
};

// last-word, continuation, next-passage, sentence-order, name-recall, copying, mapping.
const std::vector<std::string>& text_task_kinds();

// The task of that name; one of text_task_kinds().
OneShotTask text_task(const std::string& name, const TaskText& source);

// A short sentence whose last word is missing. Chance: the share of the most frequent answer.
OneShotTask last_word_task(const TaskText& source);

// Which of four continuations of equal length in bytes follows; chance 1/4. The three others begin
// at words elsewhere in the text.
OneShotTask continuation_task(const TaskText& source);

// Which of four passages of equal length in bytes, each beginning at a sentence, follows a passage
// that ends with one; chance 1/4.
OneShotTask next_passage_task(const TaskText& source);

// Which order two neighbouring sentences have after the one before them; chance 1/2. Both answers
// hold the same words.
OneShotTask sentence_order_task(const TaskText& source);

// Which of four names comes next where one of them alone stands in the passage, once; chance 1/4.
OneShotTask name_recall_task(const TaskText& source);

// Which of four orders of four words of the text repeats them; chance 1/4.
OneShotTask copying_task(const TaskText& source);

// Which of four numbers is the given one plus what the worked example added; chance 1/4.
OneShotTask mapping_task(const TaskText& source);

}  // namespace isoloss
