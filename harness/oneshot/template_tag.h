// What stands between the braces of a template: its words, and the fields, filters and tests that
// they say. TemplateProblem where they say none.
#pragma once
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "harness/oneshot/prompt_template.h"

namespace isoloss {

struct TagWord {
  enum class Kind { Plain, Quoted, Bar };
  Kind kind = Kind::Plain;
  std::string text;
};

// The words of a tag and where it ends: `at` stands behind its opening brace, then behind the
// closing one. A quote is written twice within quotes.
std::vector<TagWord> tag_words(const std::string& source, std::size_t& at);

// Filters divided by bars.
std::vector<FilterCall> parse_calls(std::span<const TagWord> words);

// A path, and filters behind bars.
FieldText parse_field(std::span<const TagWord> words);

// FIELD is|ends|in 'text'; the part has no body yet.
TemplatePart parse_if(std::span<const TagWord> words);

}  // namespace isoloss
