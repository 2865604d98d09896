// The small language of task cards: text with places for an item's fields.
//
//   {title}  {options[0]}  {turns[-1].question}   a field, an element (from the end below 0)
//   {text|before '_'|trimmed}                     through filters (text_filters.h), left to right;
//                                                 an argument is 'text', a number or a field
//   {spans|joined ', '}                           a list of plain values as one text
//   {each turns}Q: {question} {end}               once an element, whose fields stand for
//   themselves;
//                                                 {.} is an element that is plain
//   {if question is 'cause'}because{else}so{end}  also `ends 'x'` and `in 'my his her'`
//   {with wikihow}{title}: {text}{end}            what is within, through filters
//   {{  }}                                        a brace
//
// Numbers and truth values are written as JSON writes them. A template is checked when it is read;
// a field that an item lacks is found when it is rendered.
#pragma once
#include <nlohmann/json.hpp>
#include <string>
#include <variant>
#include <vector>

namespace isoloss {

struct TextFilter;

// A place within an item: names and indices, outermost first; empty means {.}.
using FieldPath = std::vector<std::variant<std::string, std::int64_t>>;

struct FilterArgument {
  bool is_field = false;
  std::string text;
  FieldPath field;
};

struct FilterCall {
  const TextFilter* filter = nullptr;  // null: joined
  std::vector<FilterArgument> arguments;
};

// A field through its filters.
struct FieldText {
  FieldPath path;
  std::vector<FilterCall> filters;
};

struct TemplatePart {
  enum class Kind { Text, Field, Each, If, With };
  enum class Test { Is, Ends, In };
  Kind kind = Kind::Text;
  std::string text;  // of Text; what If compares with
  FieldText field;   // of kField, If; the list of Each; the filters of With
  Test test = Test::Is;
  std::vector<TemplatePart> body;
  std::vector<TemplatePart> otherwise;  // of If
};

// What a template sees: the item first, then ever closer objects; the closest that has a name wins.
using TemplateScope = std::vector<const nlohmann::json*>;

class PromptTemplate {
 public:
  PromptTemplate() = default;  // renders nothing

  // `place` ("FILE:LINE: KEY") opens every message. InputError: a brace or tag that is not closed,
  // an unknown filter or test, a wrong number of arguments.
  PromptTemplate(const std::string& source, std::string place);

  // InputError naming place and the item's id: a field that is not there, a value that is no text.
  std::string render(const TemplateScope& scope) const;

  const std::string& place() const { return place_; }
  bool empty() const { return parts_.empty(); }

 private:
  std::string place_;
  std::vector<TemplatePart> parts_;
};

// The value at a path; TemplateProblem where there is none.
const nlohmann::json& field_value(const FieldPath& path, const TemplateScope& scope);

// The `id` of the scope's item, for messages.
std::string item_name(const TemplateScope& scope);

// Parts of a template's source (template_parse.cpp); TemplateProblem where it is malformed.
std::vector<TemplatePart> parse_template(const std::string& source);

}  // namespace isoloss
