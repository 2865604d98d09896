// A config.json's keys, read with messages that name the file and the key, and the names that
// transformers has for activations.
#pragma once
#include <fmt/format.h>

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "model/spec/error.h"
#include "model/spec/model_spec.h"

namespace isoloss {

class HfKeys {
 public:
  HfKeys(const nlohmann::ordered_json& json, std::string source)
      : json_(json), source_(std::move(source)) {}

  bool given(const char* key) const { return json_.contains(key) && !json_.at(key).is_null(); }

  // The value, or `otherwise` where the key is absent or null; InputError where it is of another
  // type.
  template <typename T>
  T value(const char* key, T otherwise) const {
    try {
      return given(key) ? json_.at(key).get<T>() : otherwise;
    } catch (const nlohmann::json::exception&) {
      throw InputError(fmt::format("{}: {} is {} (of another type); take the model's own config",
                                   source_, key, json_.at(key).dump()));
    }
  }
  // The keys of the object under this one.
  HfKeys under(const char* key) const { return {json_.at(key), source_}; }

  // InputError where the key has any value but `supported`, or any value at all.
  void only(const char* key, const nlohmann::ordered_json& supported) const;
  void absent(const char* key) const;

  // An activation by transformers' name for it; InputError with the nearest.
  Activation activation(const char* key, const std::string& otherwise) const;

  const std::string& source() const { return source_; }

 private:
  nlohmann::ordered_json json_;
  std::string source_;
};

// transformers' name of an activation; empty where it has none.
std::string hf_activation(Activation activation);

}  // namespace isoloss
