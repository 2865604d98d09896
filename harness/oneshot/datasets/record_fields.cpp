#include "harness/oneshot/datasets/record_fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "model/spec/error.h"
#include "model/spec/nearest_name.h"

namespace isoloss {
namespace {

using nlohmann::json;

std::optional<std::string> scalar_text(const json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number() || value.is_boolean()) return value.dump();
  return std::nullopt;
}

std::string lower_case(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

}  // namespace

RecordFields::RecordFields(const json& object, std::string place)
    : object_(object), place_(std::move(place)) {
  if (!object_.is_object())
    fail(fmt::format("a JSON {} (an object is wanted)", object_.type_name()));
}

void RecordFields::fail(const std::string& problem) const {
  throw InputError(place_ + ": " + problem + "; fetch the file again");
}

const json* RecordFields::find(FieldNames names) const {
  for (const char* name : names) {
    const auto found = object_.find(name);
    if (found != object_.end() && !found->is_null()) return &*found;
  }
  return nullptr;
}

const json& RecordFields::value(FieldNames names) const {
  if (const json* found = find(names)) return *found;
  std::vector<std::string> here;
  for (const auto& [name, value] : object_.items()) here.push_back(name);
  throw InputError(fmt::format(
      "{}: no '{}' (fields here: {}); fetch the file again{}", place_, fmt::join(names, "' or '"),
      fmt::join(here, ", "),
      nearest_name(*names.begin(), here).empty() ? "" : suggestion(*names.begin(), here)));
}

void RecordFields::fail_kind(FieldNames names, const char* wanted) const {
  fail(fmt::format("'{}' is {} ({} is wanted)", fmt::join(names, "' or '"),
                   value(names).dump().substr(0, 40), wanted));
}

std::string RecordFields::text(FieldNames names) const {
  auto found = scalar_text(value(names));
  if (!found) fail_kind(names, "text");
  return std::move(*found);
}

std::string RecordFields::text_or(FieldNames names, const std::string& otherwise) const {
  return has(names) ? text(names) : otherwise;
}

std::vector<std::string> RecordFields::texts(FieldNames names) const {
  const json& array = value(names);
  if (!array.is_array()) fail_kind(names, "a list of texts");
  std::vector<std::string> all;
  for (const json& element : array) {
    auto found = scalar_text(element);
    if (!found) fail_kind(names, "a list of texts");
    all.push_back(std::move(*found));
  }
  return all;
}

std::int64_t RecordFields::whole(FieldNames names) const {
  const std::string written = text(names);
  std::int64_t number = 0;
  const char* end = written.data() + written.size();
  const auto [stop, status] = std::from_chars(written.data(), end, number);
  if (status != std::errc() || stop != end) fail_kind(names, "a whole number");
  return number;
}

bool RecordFields::truth(FieldNames names) const {
  const std::string written = lower_case(text(names));
  if (written == "true" || written == "1" || written == "t") return true;
  if (written == "false" || written == "0" || written == "f") return false;
  fail_kind(names, "true or false");
}

std::string RecordFields::label(FieldNames names, const std::vector<std::string>& known) const {
  const std::string written = text(names);
  for (std::size_t i = 0; i < known.size(); ++i)
    if (written == known[i] || written == std::to_string(i)) return known[i];
  fail_kind(names, fmt::format("one of {}, or its number", fmt::join(known, ", ")).c_str());
}

std::int64_t RecordFields::choice(FieldNames names, std::int64_t first, std::size_t choices) const {
  const std::int64_t number = whole(names) - first;
  if (number < 0 || number >= static_cast<std::int64_t>(choices))
    fail_kind(
        names,
        fmt::format("{} to {}", first, first + static_cast<std::int64_t>(choices) - 1).c_str());
  return number;
}

RecordFields RecordFields::part(FieldNames names) const { return {value(names), place_}; }

std::vector<RecordFields> RecordFields::parts(FieldNames names) const {
  const json& array = value(names);
  if (!array.is_array()) fail_kind(names, "a list");
  std::vector<RecordFields> all;
  for (const json& element : array) all.emplace_back(element, place_);
  return all;
}

}  // namespace isoloss
