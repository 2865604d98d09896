// The grid of a study, expanded: one cell is what would be trained at one learning rate, with the
// budgets that are asked of it. Specs are resolved and checked here.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "sweeps/study.h"

namespace isoloss {

struct Cell {
  RunSpec spec;                  // the learning rate is the first of a search
  std::size_t architecture = 0;  // index of the grid's entry
  std::size_t size = 0;
  std::vector<std::string> axes;  // value of each plain axis, in the grid's order
  std::uint64_t seed = 0;
  std::vector<double> budgets;  // ascending; empty where it only serves a search
};

// Cells in the order architecture, plain axes, size, seed; include adds, exclude drops. InputError
// with file, line and key: sizes that do not divide, a batch that is no multiple of the sequence, a
// budget below one step, a selection that names nothing of the grid, values of an axis that change
// nothing.
std::vector<Cell> expand_grid(const Study& study);

// The one spec of a combination, with `rate` in place where it is positive.
RunSpec resolve_spec(const Study& study, std::size_t architecture, std::size_t size,
                     const std::vector<std::string>& axes, std::uint64_t seed, double rate);

}  // namespace isoloss
