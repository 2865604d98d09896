// The named changes a template may make to a value: {text|minus_last_word}, {s|before '_'}. Each is
// a pure function of the text and its arguments.
#pragma once
#include <span>
#include <string>
#include <vector>

namespace isoloss {

// What a template cannot do with an item: "problem (why); what to do", without its place.
struct TemplateProblem {
  std::string text;
};

struct TextFilter {
  std::string name;
  std::size_t arguments = 0;
  std::string (*apply)(const std::string& text, std::span<const std::string> arguments);
};

// trimmed, lower, capitalized, first_lower; cut N (without its last N characters);
// minus_last_word, last_word (the last blank divides); before 'x', after 'x' (the first x divides);
// replace 'a' 'b'; starred WORD INDEX (the word at that place among the blank-separated ones
// between asterisks); detokenized (blanks before punctuation and inside quotes and parentheses
// removed); wikihow (bracketed marks of its pages removed); lower_leading 'A The' (where the first
// word is one of these, it is lower-cased wherever it stands).
std::span<const TextFilter> text_filters();

// Null where there is none.
const TextFilter* find_text_filter(const std::string& name);

std::vector<std::string> text_filter_names();

}  // namespace isoloss
