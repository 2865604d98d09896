// Entries of the axes `architecture` and `size` of a study's grid: a name of the catalogue, or a
// map with a name of its own and the fields that it sets.
#pragma once
#include "model/yaml/yaml_view.h"
#include "sweeps/study.h"

namespace isoloss {

// InputError at the entry: an unknown name or field, a name that is the catalogue's, no base.
ArchitectureEntry read_architecture(const YamlView& item);
SizeEntry read_size(const YamlView& item);

}  // namespace isoloss
