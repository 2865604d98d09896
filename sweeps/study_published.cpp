#include "sweeps/study_published.h"

#include <algorithm>

#include "model/spec/nearest_name.h"

namespace isoloss {
namespace {

std::string name_among(const YamlView& value, const std::vector<std::string>& names) {
  const std::string name = value.text();
  if (std::ranges::find(names, name) == names.end())
    value.fail("'" + name + "' is not in the grid (plan would have nothing to set beside it)" +
               suggestion(name, names));
  return name;
}

}  // namespace

std::vector<PublishedCost> read_published(const YamlView* section,
                                          const std::vector<std::string>& architectures,
                                          const std::vector<std::string>& sizes) {
  std::vector<PublishedCost> costs;
  if (section == nullptr) return costs;
  static const std::vector<std::string> known = {"architecture", "size", "flops", "source"};
  for (const YamlView& entry : section->list()) {
    const YamlMap map = entry.map(known);
    costs.push_back({name_among(map.need("architecture", "name one of the grid's"), architectures),
                     name_among(map.need("size", "name one of the grid's"), sizes),
                     map.need("flops", "write what the source prints").positive(),
                     map.need("source", "say where that is printed").text()});
  }
  return costs;
}

}  // namespace isoloss
