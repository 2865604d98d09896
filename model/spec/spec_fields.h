// The one list of ModelSpec's fields by name: study files override through it, canonical specs are
// written from it, files on disk are read back through it.
#pragma once
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/spec/model_spec.h"

namespace isoloss {

struct SpecField {
  std::string name;
  std::string meaning;               // one line for documentation and --help
  std::vector<std::string> choices;  // every value there is; empty for numbers and words
  std::function<std::string(const ModelSpec&)> get;
  std::function<void(ModelSpec&, const std::string&)>
      set;                       // throws InputError: wrong type or value
  bool named_at_default = true;  // whether the canonical text names it at its default
};

std::span<const SpecField> spec_fields();
std::span<const std::string> spec_field_names();

// Sets one field from text; throws InputError with the nearest name where there is none such.
void set_field(ModelSpec& spec, std::string_view name, const std::string& value);

// The fields of the canonical text, in the list's order: two specs are equal exactly where their
// lists are.
std::vector<std::pair<std::string, std::string>> spec_as_text(const ModelSpec& spec);

}  // namespace isoloss
