#include "sweeps/grid_budgets.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "model/spec/nearest_name.h"

namespace isoloss {
namespace {

BudgetUnit budget_unit_named(const std::string& name) {
  for (const BudgetUnit unit : {BudgetUnit::Tokens, BudgetUnit::TokensPerParameter})
    if (name == name_of(unit)) return unit;
  return BudgetUnit::Flops;
}

const std::vector<std::string>& budget_unit_names() {
  static const std::vector<std::string> names = {"flops", "tokens", "tokens_per_parameter"};
  return names;
}

}  // namespace

void read_budget(const YamlView& value, Grid& grid) {
  if (!value.is_map())
    value.fail(
        "no unit (a budget counts flops, tokens or tokens_per_parameter); write {flops: "
        "[2e11, 2e12]}");
  const YamlMap map = value.map(budget_unit_names());
  if (map.entries().size() != 1)
    value.fail(
        fmt::format("{} units (exactly one of flops, tokens and tokens_per_parameter is "
                    "wanted); write {{flops: [2e11, 2e12]}}",
                    map.entries().size()));
  const auto& [name, list] = map.entries()[0];
  grid.unit = budget_unit_named(name);
  grid.budget_line = list.line();
  for (const YamlView& item : list.list()) grid.budgets.push_back(item.positive());
  std::sort(grid.budgets.begin(), grid.budgets.end());
  if (std::adjacent_find(grid.budgets.begin(), grid.budgets.end()) != grid.budgets.end())
    list.fail("one budget is given twice (it would be one trial); remove one");
}

RateSearch read_search(const YamlView& value, const Grid& grid) {
  static const std::vector<std::string> known = {"search", "decide_at"};
  const YamlMap map = value.map(known);
  RateSearch search;
  search.line = value.line();
  const YamlView& rates = map.need("search", "add the rates to try, search: [0.03, 0.05, 0.09]");
  for (const YamlView& item : rates.list()) search.rates.push_back(item.positive());
  std::sort(search.rates.begin(), search.rates.end());
  if (std::adjacent_find(search.rates.begin(), search.rates.end()) != search.rates.end())
    rates.fail("one rate is given twice (it would be one run); remove one");
  if (search.rates.size() < 2)
    rates.fail(
        "only one rate (a search compares at least two); give more, or the rate itself as "
        "learning_rate: [RATE]");
  const YamlView* decide_at = map.find("decide_at");
  if (decide_at == nullptr) return search;
  std::vector<std::string> keys = budget_unit_names();
  keys.emplace_back("size");
  const YamlMap place = decide_at->map(keys);
  for (const auto& [key, item] : place.entries()) {
    if (key == "size") {
      std::vector<std::string> names;
      for (const SizeEntry& size : grid.sizes) names.push_back(size.name);
      if (std::ranges::count(names, item.text()) == 0)
        item.fail(fmt::format("'{}' is no size of this grid (the rates are compared at one){}",
                              item.text(), suggestion(item.text(), names)));
      search.size = item.text();
    } else if (search.decide_at) {
      item.fail(
          "a second unit (one place to decide is wanted); keep one of flops, tokens and "
          "tokens_per_parameter");
    } else {
      search.decide_at = Budget{budget_unit_named(key), item.positive()};
    }
  }
  if (!search.decide_at)
    decide_at->fail(
        "no budget (it says when rates are compared); add flops, tokens or "
        "tokens_per_parameter");
  return search;
}

}  // namespace isoloss
