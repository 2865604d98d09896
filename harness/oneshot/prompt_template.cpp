#include "harness/oneshot/prompt_template.h"

#include <fmt/format.h>

#include <algorithm>

#include "harness/oneshot/text_filters.h"
#include "harness/oneshot/unicode_text.h"
#include "model/spec/error.h"
#include "model/spec/nearest_name.h"

namespace isoloss {
namespace {

using nlohmann::json;

std::string path_text(const FieldPath& path) {
  std::string text;
  for (const auto& step : path)
    if (const auto* name = std::get_if<std::string>(&step))
      text += (text.empty() ? "" : ".") + *name;
    else
      text += fmt::format("[{}]", std::get<std::int64_t>(step));
  return text.empty() ? "." : text;
}

const json& named(const std::string& name, const TemplateScope& scope) {
  std::vector<std::string> known;
  for (auto closest = scope.rbegin(); closest != scope.rend(); ++closest) {
    if (!(*closest)->is_object()) continue;
    if (const auto found = (*closest)->find(name); found != (*closest)->end()) return *found;
    for (const auto& entry : (*closest)->items()) known.push_back(entry.key());
  }
  throw TemplateProblem{"field '" + name + "' is not in the item (the data have no such field)" +
                        suggestion(name, known)};
}

std::string plain_text(const json& value, const FieldPath& path) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_boolean() || value.is_number()) return value.dump();
  throw TemplateProblem{"field '" + path_text(path) + "' is no text (it is a list, an object or " +
                        "null); take an element, |joined or {each}"};
}

std::string argument_text(const FilterArgument& argument, const TemplateScope& scope) {
  return argument.is_field ? plain_text(field_value(argument.field, scope), argument.field)
                           : argument.text;
}

std::string filtered(std::string text, std::span<const FilterCall> calls,
                     const TemplateScope& scope) {
  for (const FilterCall& call : calls) {
    std::vector<std::string> arguments;
    for (const FilterArgument& argument : call.arguments)
      arguments.push_back(argument_text(argument, scope));
    text = call.filter->apply(text, arguments);
  }
  return text;
}

std::string field_text(const FieldText& field, const TemplateScope& scope) {
  const json& value = field_value(field.path, scope);
  std::span<const FilterCall> calls = field.filters;
  if (calls.empty() || calls.front().filter)
    return filtered(plain_text(value, field.path), calls, scope);
  const std::string between = argument_text(calls.front().arguments[0], scope);
  if (!value.is_array())
    throw TemplateProblem{"field '" + path_text(field.path) +
                          "' is no list (|joined takes one); leave |joined out"};
  std::string text;
  for (std::size_t i = 0; i < value.size(); ++i)
    text += (i ? between : "") + plain_text(value[i], field.path);
  return filtered(text, calls.subspan(1), scope);
}

bool holds(const TemplatePart& part, const TemplateScope& scope) {
  const std::string text = field_text(part.field, scope);
  if (part.test == TemplatePart::Test::Is) return text == part.text;
  if (part.test == TemplatePart::Test::Ends) return text.ends_with(part.text);
  const std::vector<std::string> words = blank_separated(part.text);
  return std::find(words.begin(), words.end(), text) != words.end();
}

std::string rendered(const std::vector<TemplatePart>& parts, const TemplateScope& scope) {
  using Kind = TemplatePart::Kind;
  std::string text;
  for (const TemplatePart& part : parts) switch (part.kind) {
      case Kind::Text:
        text += part.text;
        break;
      case Kind::Field:
        text += field_text(part.field, scope);
        break;
      case Kind::If:
        text += rendered(holds(part, scope) ? part.body : part.otherwise, scope);
        break;
      case Kind::With:
        text += filtered(rendered(part.body, scope), part.field.filters, scope);
        break;
      case Kind::Each: {
        const json& list = field_value(part.field.path, scope);
        if (!list.is_array())
          throw TemplateProblem{"field '" + path_text(part.field.path) +
                                "' is no list ({each} takes one); name a list"};
        TemplateScope inner = scope;
        inner.push_back(nullptr);
        for (const json& element : list) {
          inner.back() = &element;
          text += rendered(part.body, inner);
        }
      }
    }
  return text;
}

}  // namespace

const json& field_value(const FieldPath& path, const TemplateScope& scope) {
  const json* value = scope.back();
  bool first = true;
  for (const auto& step : path) {
    if (const auto* name = std::get_if<std::string>(&step)) {
      if (first) {
        value = &named(*name, scope);
      } else if (!value->is_object() || !value->contains(*name)) {
        throw TemplateProblem{"field '" + path_text(path) + "' is not in the item (no '" + *name +
                              "' there); name a field that is"};
      } else {
        value = &value->at(*name);
      }
    } else {
      const std::int64_t index = std::get<std::int64_t>(step);
      const auto size = static_cast<std::int64_t>(value->is_array() ? value->size() : 0);
      const std::int64_t at = index < 0 ? size + index : index;
      if (at < 0 || at >= size)
        throw TemplateProblem{fmt::format(
            "field '{}' is not in the item (the list has {} elements); mend the item or the index",
            path_text(path), size)};
      value = &(*value)[static_cast<std::size_t>(at)];
    }
    first = false;
  }
  return *value;
}

std::string item_name(const TemplateScope& scope) {
  if (scope.empty() || !scope.front()->is_object()) return "without id";
  const auto id = scope.front()->find("id");
  return id != scope.front()->end() && id->is_string() ? id->get<std::string>() : "without id";
}

PromptTemplate::PromptTemplate(const std::string& source, std::string place)
    : place_(std::move(place)) {
  try {
    parts_ = parse_template(source);
  } catch (const TemplateProblem& problem) {
    throw InputError(place_ + ": " + problem.text);
  }
}

std::string PromptTemplate::render(const TemplateScope& scope) const {
  try {
    return rendered(parts_, scope);
  } catch (const TemplateProblem& problem) {
    throw InputError(fmt::format("{}: item {}: {}", place_, item_name(scope), problem.text));
  }
}

}  // namespace isoloss
