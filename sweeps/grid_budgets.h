// The entry `budget` of a study's grid, and the search of learning rates that is decided at one.
#pragma once
#include "model/yaml/yaml_view.h"
#include "sweeps/study.h"

namespace isoloss {

// Sets the grid's unit, line and budgets. InputError: no unit or several, a budget given twice.
void read_budget(const YamlView& value, Grid& grid);

// The map under `learning_rate`; the grid has its sizes already. InputError: fewer than two rates,
// one given twice, no budget or size to decide at.
RateSearch read_search(const YamlView& value, const Grid& grid);

}  // namespace isoloss
