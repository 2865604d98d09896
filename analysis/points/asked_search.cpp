#include "analysis/points/asked_search.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <system_error>

#include "model/spec/error.h"
#include "model/yaml/yaml_view.h"

namespace isoloss {
namespace {

// Keys of a grid that are no field of a run's spec.
constexpr std::array<std::string_view, 7> kNoField = {"architecture",  "size",    "budget", "seed",
                                                      "learning_rate", "include", "exclude"};

}  // namespace

std::optional<AskedSearch> asked_search(const std::filesystem::path& study_file) {
  std::error_code unseen;
  if (!std::filesystem::exists(study_file, unseen)) return std::nullopt;
  try {
    AskedSearch asked;
    const YamlMap file = YamlView::load(study_file).map();
    const YamlMap grid = file.need("grid", "").map();
    for (const auto& [key, value] : grid.entries()) {
      if (std::ranges::find(kNoField, key) == kNoField.end()) asked.axes.push_back(key);
      if (key != "learning_rate" || !value.is_map()) continue;
      const YamlMap search = value.map();
      const std::vector<YamlView> rates = search.need("search", "").list();
      for (const YamlView& rate : rates) asked.rates.push_back(rate.number());
    }
    std::ranges::sort(asked.rates);
    return asked;
  } catch (const InputError&) {
    return std::nullopt;
  }
}

}  // namespace isoloss
