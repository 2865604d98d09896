// The named architectures and sizes: each is a list of field overrides with the source of its
// values. Adding one is adding a row here and a test of its parameter count.
#pragma once
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/spec/model_spec.h"

namespace isoloss {

struct CatalogueEntry {
  std::string name;
  std::string meaning;  // what it changes against the T5 frame, and where that is printed
  std::vector<std::pair<std::string, std::string>> overrides;  // spec field -> value
  // Of an architecture: what it changes of a named size, on top of that size's own values.
  std::map<std::string, std::vector<std::pair<std::string, std::string>>> at_size = {};
};

std::span<const CatalogueEntry> architectures();
std::span<const CatalogueEntry> sizes();

// Sets one architecture's switches on top of `spec`, or of the frame; throws InputError with the
// nearest name.
ModelSpec with_architecture(ModelSpec spec, std::string_view name);
ModelSpec named_architecture(std::string_view name);
// Applies a named size on top of `spec` and then what spec.architecture changes of it, where that
// is a name of the catalogue; throws InputError with the nearest name of a size.
ModelSpec with_size(ModelSpec spec, std::string_view size);

}  // namespace isoloss
