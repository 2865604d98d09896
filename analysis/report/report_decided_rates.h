// What the tables on learning rates (report_rates.h) ask of the study's decisions.
#pragma once
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "analysis/plot/html.h"
#include "analysis/report/report_study.h"

namespace isoloss {

using SizesAndBudgets = std::set<std::pair<std::string, double>>;

// Where rates were decided.
SizesAndBudgets decided_at(const StudyResults& study);

// The arm's selection loss; the winner's where no rate is given; NaN where it has none.
double loss_at(const Decision& decision, std::optional<double> rate);

// The rate, or `own` where each has its own.
TableCell rate_cell(std::optional<double> rate, const char* own);

}  // namespace isoloss
