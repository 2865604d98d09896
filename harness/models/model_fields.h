// A model's spec as a JSON object of its fields, as a study file names them: what run headers,
// exported weights and their configurations carry.
#pragma once
#include <nlohmann/json.hpp>
#include <string>

#include "model/spec/model_spec.h"

namespace isoloss {

// Every field of spec_fields.h at its value, widths and heads resolved; numbers as numbers.
nlohmann::ordered_json model_fields(const ModelSpec& spec);

// The spec of such an object; fields it does not name keep their defaults. InputError naming
// `source` and the field: unknown, of a wrong value, or in contradiction.
ModelSpec model_of_fields(const nlohmann::ordered_json& fields, const std::string& source);

// The spec with widths and heads resolved and every field at its default that changes neither a
// tensor's shape nor a logit (names, initial values, sizes of what is switched off): two specs
// compute the same function of the same weights where these are equal.
ModelSpec function_of(ModelSpec spec);

}  // namespace isoloss
