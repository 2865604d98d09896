#include "harness/oneshot/template_tag.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "harness/oneshot/text_filters.h"
#include "model/spec/nearest_name.h"

namespace isoloss {
namespace {

std::int64_t index_in(const std::string& text) {
  std::int64_t value = 0;
  const auto [stop, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || code != std::errc() || stop != text.data() + text.size())
    throw TemplateProblem{"'[" + text + "]' is not an index (a whole number); write it like [0]"};
  return value;
}

FieldPath parse_path(const std::string& text) {
  FieldPath path;
  if (text == ".") return path;
  std::string name;
  const auto close_name = [&] {
    if (name.empty())
      throw TemplateProblem{"'" + text + "' is no field (a name is missing); write it like a.b[0]"};
    path.emplace_back(name);
    name.clear();
  };
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] == '[') {
      if (!name.empty() || path.empty()) close_name();
      const std::size_t close = text.find(']', at);
      if (close == std::string::npos)
        throw TemplateProblem{"'" + text +
                              "' has a [ that is not closed (an index is wanted); "
                              "write it like a[0]"};
      path.emplace_back(index_in(text.substr(at + 1, close - at - 1)));
      at = close + 1;
      if (at < text.size() && text[at] == '.') ++at;
    } else if (text[at] == '.') {
      close_name();
      ++at;
    } else {
      name += text[at++];
    }
  }
  if (!name.empty() || path.empty()) close_name();
  return path;
}

FilterArgument parse_argument(const TagWord& word) {
  const bool literal = word.kind == TagWord::Kind::Quoted ||
                       word.text.find_first_not_of("0123456789") == std::string::npos;
  if (literal) return {false, word.text, {}};
  return {true, "", parse_path(word.text)};
}

FilterCall parse_call(std::span<const TagWord> words) {
  if (words.empty() || words[0].kind != TagWord::Kind::Plain)
    throw TemplateProblem{"a filter has no name (a word is wanted after |); name one"};
  const std::string& name = words[0].text;
  const TextFilter* filter = find_text_filter(name);
  std::vector<std::string> known = text_filter_names();
  known.push_back("joined");
  if (!filter && name != "joined")
    throw TemplateProblem{"unknown filter '" + name + "' (no such name)" + suggestion(name, known)};
  const std::size_t wanted = filter ? filter->arguments : 1;
  if (words.size() - 1 != wanted)
    throw TemplateProblem{"filter '" + name + "' takes " + std::to_string(wanted) +
                          " arguments (it has " + std::to_string(words.size() - 1) +
                          "); give as many"};
  FilterCall call{filter, {}};
  for (const TagWord& word : words.subspan(1)) call.arguments.push_back(parse_argument(word));
  return call;
}

TemplateProblem cut_off() {
  return {"a brace { is not closed (the template ends first); close it, or write {{ for a brace"};
}

// `at` stands on the opening quote, then behind the closing one.
TagWord quoted_word(const std::string& source, std::size_t& at) {
  TagWord word{TagWord::Kind::Quoted, ""};
  for (++at; at < source.size(); ++at) {
    if (source[at] == '\'') {
      const bool twice = at + 1 < source.size() && source[at + 1] == '\'';
      if (!twice) {
        ++at;
        return word;
      }
      ++at;
    }
    word.text += source[at];
  }
  throw cut_off();
}

TagWord plain_word(const std::string& source, std::size_t& at) {
  const std::size_t end = std::min(source.find_first_of(" |}'", at), source.size());
  TagWord word{TagWord::Kind::Plain, source.substr(at, end - at)};
  at = end;
  return word;
}

}  // namespace

std::vector<TagWord> tag_words(const std::string& source, std::size_t& at) {
  std::vector<TagWord> words;
  while (at < source.size()) {
    switch (source[at]) {
      case '}':
        ++at;
        return words;
      case ' ':
        ++at;
        break;
      case '|':
        ++at;
        words.push_back({TagWord::Kind::Bar, "|"});
        break;
      case '\'':
        words.push_back(quoted_word(source, at));
        break;
      default:
        words.push_back(plain_word(source, at));
    }
  }
  throw cut_off();
}

std::vector<FilterCall> parse_calls(std::span<const TagWord> words) {
  std::vector<FilterCall> calls;
  for (std::size_t from = 0;;) {
    std::size_t to = from;
    while (to < words.size() && words[to].kind != TagWord::Kind::Bar) ++to;
    calls.push_back(parse_call(words.subspan(from, to - from)));
    if (to == words.size()) return calls;
    from = to + 1;
  }
}

FieldText parse_field(std::span<const TagWord> words) {
  if (words.empty() || words[0].kind != TagWord::Kind::Plain)
    throw TemplateProblem{"a tag names no field (a word is wanted in braces); name one"};
  FieldText field{parse_path(words[0].text), {}};
  if (words.size() == 1) return field;
  if (words[1].kind != TagWord::Kind::Bar)
    throw TemplateProblem{"'" + words[1].text + "' follows a field (only |filter may); remove it"};
  field.filters = parse_calls(words.subspan(2));
  for (std::size_t i = 1; i < field.filters.size(); ++i)
    if (!field.filters[i].filter)
      throw TemplateProblem{
          "'joined' stands behind another filter (it takes a list); put it first"};
  return field;
}

TemplatePart parse_if(std::span<const TagWord> words) {
  TemplatePart part;
  part.kind = TemplatePart::Kind::If;
  const std::vector<std::string> tests = {"is", "ends", "in"};
  if (words.size() < 3 || words.back().kind != TagWord::Kind::Quoted)
    throw TemplateProblem{
        "a test is incomplete (field, is|ends|in, 'text'); write it like "
        "{if question is 'cause'}"};
  const std::string& test = words[words.size() - 2].text;
  if (test == "is")
    part.test = TemplatePart::Test::Is;
  else if (test == "ends")
    part.test = TemplatePart::Test::Ends;
  else if (test == "in")
    part.test = TemplatePart::Test::In;
  else
    throw TemplateProblem{"unknown test '" + test + "' (no such name)" + suggestion(test, tests)};
  part.text = words.back().text;
  part.field = parse_field(words.subspan(0, words.size() - 2));
  return part;
}

}  // namespace isoloss
