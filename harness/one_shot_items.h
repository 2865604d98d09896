// The items of the one-shot tasks, as text: what is shown, what may be answered, which answer is
// right. Drawn by counter keys from the held-out text, so they are the same for every model.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace isoloss {

struct OneShotItem {
  std::string shot;                  // the worked example, ending in a line end
  std::string context;               // what is asked
  std::vector<std::string> answers;  // one to be produced, or several to choose from
  std::size_t right = 0;             // index into answers
};

struct OneShotTask {
  std::vector<OneShotItem> items;  // empty where the text gives fewer than 16
  double chance = 0;               // share of right answers without a model
};

using EncodeFunction = std::function<std::vector<std::int32_t>(const std::string&)>;

// Whitespace runs become one space; one-shot items are cut from text in this form.
std::string flattened(const std::string& text);

// A short sentence whose last word is missing. Chance: the share of the most frequent answer.
// Every shot + context + answer encodes to at most `sequence` tokens.
OneShotTask last_word_task(const std::string& text, const EncodeFunction& encode,
                           std::int64_t sequence);

// Which of four continuations of equal length in bytes follows; chance 1/4. The three others begin
// at words elsewhere in the text. `bytes_per_token` sizes the passages before they are checked.
OneShotTask continuation_task(const std::string& text, const EncodeFunction& encode,
                              std::int64_t sequence, double bytes_per_token);

}  // namespace isoloss
