#include "harness/oneshot/text_filters.h"

#include <algorithm>
#include <charconv>

#include "harness/oneshot/unicode_text.h"

namespace isoloss {
namespace {

using Arguments = std::span<const std::string>;

std::size_t whole_number(const std::string& text) {
  std::size_t value = 0;
  const auto [stop, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc() || stop != text.data() + text.size())
    throw TemplateProblem{"'" + text +
                          "' is not a number of words or characters (0, 1, 2, ...); give one"};
  return value;
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  if (from.empty()) throw TemplateProblem{"nothing to look for (an empty text); name what"};
  for (std::size_t at = text.find(from); at != std::string::npos;
       at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
  return text;
}

std::size_t place_of(const std::string& text, const std::string& part) {
  const std::size_t at = text.find(part);
  if (at == std::string::npos)
    throw TemplateProblem{"'" + part + "' is not in \"" + text.substr(0, 80) +
                          "\" (it divides the text); mend the item"};
  return at;
}

std::string without_last(const std::string& text, Arguments arguments) {
  std::u32string points = code_points_of(text);
  points.resize(points.size() - std::min(points.size(), whole_number(arguments[0])));
  return utf8(points);
}

std::size_t last_blank(const std::string& text) {
  const std::size_t at = text.rfind(' ');
  if (at == std::string::npos || at + 1 == text.size())
    throw TemplateProblem{"\"" + text.substr(0, 80) +
                          "\" has no last word (two words and a blank are wanted); mend the item"};
  return at;
}

std::string star_word(const std::string& text, Arguments arguments) {
  const std::string& word = arguments[0];
  const std::size_t index = whole_number(arguments[1]);
  const std::string blanks = " \t\n\r";
  std::size_t at = text.find_first_not_of(blanks);
  for (std::size_t i = 0; i < index && at != std::string::npos; ++i)
    at = text.find_first_not_of(blanks, text.find_first_of(blanks, at));
  if (at == std::string::npos || text.compare(at, word.size(), word) != 0)
    throw TemplateProblem{"word " + arguments[1] + " of the text is not '" + word +
                          "' (words are counted from 0); mend the item"};
  return text.substr(0, at) + "*" + word + "*" + text.substr(at + word.size());
}

std::string join_tokens(std::string text) {
  const char* const rules[][2] = {{" n't", "n't"}, {" )", ")"}, {"( ", "("}, {"\" ", "\""},
                                  {" \"", "\""},   {" '", "'"}, {" .", "."}, {" ,", ","}};
  for (const auto& [from, to] : rules) text = replaced(text, from, to);
  return text;
}

std::string wikihow_cleaned(const std::string& raw) {
  std::string text = replaced(trimmed(raw), " [title]", ". ");
  std::size_t open = 0;
  while ((open = text.find('[', open)) != std::string::npos) {
    const std::size_t close = text.find_first_of("]\n", open);
    if (close != std::string::npos && text[close] == ']')
      text.erase(open, close + 1 - open);
    else
      ++open;
  }
  // One pass, as the harness does it: of three blanks two stay.
  std::string squeezed;
  for (std::size_t i = 0; i < text.size(); ++i) {
    squeezed += text[i];
    if (text[i] == ' ' && i + 1 < text.size() && text[i + 1] == ' ') ++i;
  }
  return squeezed;
}

std::string lower_leading(const std::string& text, Arguments arguments) {
  const std::vector<std::string> words = blank_separated(text);
  const std::vector<std::string> listed = blank_separated(arguments[0]);
  if (words.empty() || std::find(listed.begin(), listed.end(), words[0]) == listed.end())
    return text;
  std::string changed = text;
  const std::string lower = lower_cased(words[0]);
  for (std::size_t at = changed.find(words[0]); at != std::string::npos;
       at = changed.find(words[0], at + lower.size()))
    changed.replace(at, words[0].size(), lower);
  return changed;
}

const TextFilter kFilters[] = {
    {"trimmed", 0, [](const std::string& text, Arguments) { return trimmed(text); }},
    {"lower", 0, [](const std::string& text, Arguments) { return lower_cased(text); }},
    {"capitalized", 0, [](const std::string& text, Arguments) { return capitalized(text); }},
    {"first_lower", 0, [](const std::string& text, Arguments) { return first_lowered(text); }},
    {"cut", 1, without_last},
    {"minus_last_word", 0,
     [](const std::string& text, Arguments) { return text.substr(0, last_blank(text)); }},
    {"last_word", 0,
     [](const std::string& text, Arguments) { return text.substr(last_blank(text) + 1); }},
    {"before", 1,
     [](const std::string& text, Arguments a) { return text.substr(0, place_of(text, a[0])); }},
    {"after", 1,
     [](const std::string& text, Arguments a) {
       return text.substr(place_of(text, a[0]) + a[0].size());
     }},
    {"replace", 2, [](const std::string& text, Arguments a) { return replaced(text, a[0], a[1]); }},
    {"starred", 2, star_word},
    {"detokenized", 0, [](const std::string& text, Arguments) { return join_tokens(text); }},
    {"wikihow", 0, [](const std::string& text, Arguments) { return wikihow_cleaned(text); }},
    {"lower_leading", 1, lower_leading},
};

}  // namespace

std::span<const TextFilter> text_filters() { return kFilters; }

const TextFilter* find_text_filter(const std::string& name) {
  for (const TextFilter& filter : kFilters)
    if (filter.name == name) return &filter;
  return nullptr;
}

std::vector<std::string> text_filter_names() {
  std::vector<std::string> names;
  for (const TextFilter& filter : kFilters) names.push_back(filter.name);
  return names;
}

}  // namespace isoloss
