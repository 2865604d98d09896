// Reads the objects of a folder's published.json; every error names the file, the place in it and
// the key.
#pragma once
#include <map>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

namespace isoloss {

// An object of the file, which outlives it, and where it stands ("published.json: table x, check
// 2").
struct Spec {
  const nlohmann::json* object = nullptr;
  std::string place;

  bool has(const std::string& key) const { return object->contains(key); }
};

// InputError: a key of `needs` that is missing, one that is in neither (nearest named), or not an
// object at all.
void check_keys(const Spec& spec, std::span<const std::string> needs,
                std::span<const std::string> may);

// InputError where the key is missing or of another type.
std::string spec_string(const Spec& spec, const std::string& key);
std::string spec_string(const Spec& spec, const std::string& key, const std::string& fallback);
double spec_real(const Spec& spec, const std::string& key);
double spec_real(const Spec& spec, const std::string& key, double fallback);
bool spec_flag(const Spec& spec, const std::string& key, bool fallback);
Spec spec_object(const Spec& spec, const std::string& key);
// An array of objects; empty where the key is missing.
std::vector<Spec> spec_objects(const Spec& spec, const std::string& key);
// A string or an array of strings.
std::vector<std::string> spec_strings(const Spec& spec, const std::string& key);
// Object of such: {"model": "primer", "task": ["a", "b"]}; empty where the key is missing.
std::map<std::string, std::vector<std::string>> spec_choices(const Spec& spec,
                                                             const std::string& key);

}  // namespace isoloss
