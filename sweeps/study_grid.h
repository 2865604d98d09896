// The section `grid` of a study file, and the field values that it shares with `model` and
// `optimizer`.
#pragma once
#include <string>
#include <vector>

#include "model/yaml/yaml_view.h"
#include "sweeps/study.h"

namespace isoloss {

// A spec or optimizer field's value in canonical text ("1024" for 1.024e3); InputError at `value`
// where it is of the wrong type or out of range. `optimizer` names the field `name` here.
std::string checked_field(const std::string& field, const YamlView& value);

// Fields of a spec that `model`, sizes and architectures may set: all but the two names; vocabulary
// is refused with its reason.
const std::vector<std::string>& settable_spec_fields();

// Reads `grid`; `study` holds the other sections already, so that contradictions are found.
Grid read_grid(const YamlView& section, const Study& study);

}  // namespace isoloss
