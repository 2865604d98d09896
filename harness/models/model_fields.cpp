#include "harness/models/model_fields.h"

#include <fmt/format.h>

#include <utility>

#include "model/spec/error.h"
#include "model/spec/spec_fields.h"

namespace isoloss {
namespace {

using Json = nlohmann::ordered_json;

std::string field_text(const Json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

}  // namespace

Json model_fields(const ModelSpec& spec) {
  const ModelSpec whole = resolved(spec);
  Json json;
  for (const SpecField& field : spec_fields()) {
    const std::string text = field.get(whole);
    const bool name = field.name == "architecture" || field.name == "size";
    const Json value = name ? Json() : Json::parse(text, nullptr, false);
    json[field.name] = value.is_number() || value.is_boolean() ? value : Json(text);
  }
  return json;
}

ModelSpec model_of_fields(const Json& fields, const std::string& source) {
  try {
    if (!fields.is_object()) throw InputError("the model's fields are no object (damaged)");
    ModelSpec spec;
    for (const auto& [name, value] : fields.items()) set_field(spec, name, field_text(value));
    check(spec);
    return spec;
  } catch (const InputError& error) {
    throw InputError(fmt::format("{}: {}", source, error.what()));
  }
}

ModelSpec function_of(ModelSpec spec) {
  static const ModelSpec defaults;
  spec = resolved(std::move(spec));
  (spec.gated ? spec.d_ff : spec.d_ff_gated) = 0;
  spec.architecture = defaults.architecture;
  spec.size = defaults.size;
  spec.initialization = defaults.initialization;
  if (spec.positions != Positions::Relative) {
    spec.relative_buckets = defaults.relative_buckets;
    spec.relative_max_distance = defaults.relative_max_distance;
  }
  if (spec.positions != Positions::Rotary) spec.rotary_base = defaults.rotary_base;
  if (!spec.tied) spec.output_scale = defaults.output_scale;
  if (spec.norm == Norm::None) spec.norm_epsilon = defaults.norm_epsilon;
  const bool convolved =
      has_convolution(spec, 'q') || has_convolution(spec, 'k') || has_convolution(spec, 'v');
  if (!convolved) {
    spec.convolution_width = defaults.convolution_width;
    spec.convolution_on = defaults.convolution_on;
    spec.convolution_shared = defaults.convolution_shared;
    spec.convolution_place = defaults.convolution_place;
  }
  return spec;
}

}  // namespace isoloss
