// The model of one combination of a study's grid: what the study and the catalogue say of it, laid
// over each other from weak to strong (docs/format.md, "Which value counts").
#pragma once
#include <string>
#include <vector>

#include "model/spec/model_spec.h"
#include "sweeps/study.h"

namespace isoloss {

// `axes` has a value for each plain axis of the grid, in its order. d_ff, d_ff_ratio and d_ff_gated
// say one thing, so that the strongest layer that gives one of them decides over what weaker layers
// give of the others; beside them the ratio of a catalogue's architecture is a default.
ModelSpec layered_model(const Study& study, const ArchitectureEntry& architecture,
                        const SizeEntry& size, const std::vector<std::string>& axes);

}  // namespace isoloss
