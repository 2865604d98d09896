// The leading columns of tables whose rows are of a comparison.
#pragma once
#include "analysis/plot/table_of.h"
#include "analysis/report/report_study.h"

namespace isoloss {

template <class Told>
void pair_columns(TableOf<Comparison, Told>& table) {
  table.words("candidate", "candidate", &Comparison::candidate);
  table.words("baseline", "baseline", &Comparison::baseline);
}

// The same with what compute is counted in.
template <class Told>
void pair_columns_by_unit(TableOf<Comparison, Told>& table) {
  pair_columns(table);
  table.words("unit", "in",
              [](const Comparison& pair) { return pair.wall_clock ? "seconds" : "FLOPs"; });
}

}  // namespace isoloss
