#include "analysis/published/published_spec.h"

#include <fmt/format.h>

#include <algorithm>

#include "model/spec/error.h"
#include "model/spec/nearest_name.h"

namespace isoloss {
namespace {

[[noreturn]] void wrong_type(const Spec& spec, const std::string& key, const std::string& wanted) {
  throw InputError(fmt::format("{}: '{}' is {} (not {}); write {}", spec.place, key,
                               spec.object->at(key).dump(), wanted, wanted));
}

const nlohmann::json& needed(const Spec& spec, const std::string& key) {
  const auto found = spec.object->find(key);
  if (found == spec.object->end()) {
    throw InputError(fmt::format("{}: no key '{}' (it is needed here); add it", spec.place, key));
  }
  return *found;
}

}  // namespace

void check_keys(const Spec& spec, std::span<const std::string> needs,
                std::span<const std::string> may) {
  if (!spec.object->is_object()) {
    throw InputError(fmt::format("{}: {} (not an object); write {{\"key\": value, ...}}",
                                 spec.place, spec.object->dump()));
  }
  std::vector<std::string> known(needs.begin(), needs.end());
  known.insert(known.end(), may.begin(), may.end());
  for (const auto& item : spec.object->items()) {
    if (std::find(known.begin(), known.end(), item.key()) != known.end()) continue;
    throw InputError(fmt::format("{}: unknown key '{}' (nothing here reads it){}", spec.place,
                                 item.key(), suggestion(item.key(), known)));
  }
  for (const std::string& key : needs) needed(spec, key);
}

std::string spec_string(const Spec& spec, const std::string& key) {
  const nlohmann::json& value = needed(spec, key);
  if (!value.is_string()) wrong_type(spec, key, "a text in quotes");
  return value.get<std::string>();
}

std::string spec_string(const Spec& spec, const std::string& key, const std::string& fallback) {
  return spec.has(key) ? spec_string(spec, key) : fallback;
}

double spec_real(const Spec& spec, const std::string& key) {
  const nlohmann::json& value = needed(spec, key);
  if (!value.is_number()) wrong_type(spec, key, "a number");
  return value.get<double>();
}

double spec_real(const Spec& spec, const std::string& key, double fallback) {
  return spec.has(key) ? spec_real(spec, key) : fallback;
}

bool spec_flag(const Spec& spec, const std::string& key, bool fallback) {
  if (!spec.has(key)) return fallback;
  if (!spec.object->at(key).is_boolean()) wrong_type(spec, key, "true or false");
  return spec.object->at(key).get<bool>();
}

Spec spec_object(const Spec& spec, const std::string& key) {
  const nlohmann::json& value = needed(spec, key);
  if (!value.is_object()) wrong_type(spec, key, "an object in braces");
  return {&value, fmt::format("{}, {}", spec.place, key)};
}

std::vector<Spec> spec_objects(const Spec& spec, const std::string& key) {
  if (!spec.has(key)) return {};
  const nlohmann::json& value = spec.object->at(key);
  if (!value.is_array()) wrong_type(spec, key, "a list in brackets");
  std::vector<Spec> out;
  for (const nlohmann::json& item : value) {
    out.push_back({&item, fmt::format("{}, {} {}", spec.place, key, out.size() + 1)});
    if (!item.is_object()) check_keys(out.back(), {}, {});
  }
  return out;
}

std::vector<std::string> spec_strings(const Spec& spec, const std::string& key) {
  const nlohmann::json& value = needed(spec, key);
  if (value.is_string()) return {value.get<std::string>()};
  const auto is_text = [](const nlohmann::json& item) { return item.is_string(); };
  if (!value.is_array() || value.empty() || !std::all_of(value.begin(), value.end(), is_text)) {
    wrong_type(spec, key, "a text in quotes or a list of such");
  }
  return value.get<std::vector<std::string>>();
}

std::map<std::string, std::vector<std::string>> spec_choices(const Spec& spec,
                                                             const std::string& key) {
  std::map<std::string, std::vector<std::string>> out;
  if (!spec.has(key)) return out;
  const Spec choices = spec_object(spec, key);
  for (const auto& item : choices.object->items()) {
    out[item.key()] = spec_strings(choices, item.key());
  }
  return out;
}

}  // namespace isoloss
