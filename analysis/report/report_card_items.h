// Parts of the study card (report_card.h).
#pragma once
#include <string>
#include <vector>

#include "analysis/report/report_study.h"

namespace isoloss {

// One bullet for each line.
std::string list_html(const std::vector<std::string>& lines);

// Budgets, runs and learning rates that count in no frontier, a line each.
std::vector<std::string> left_out_lines(const StudyResults& study);

// Each flag once, with the comparisons that raise it; empty where there is none.
std::string flags_html(const StudyResults& study);

// What only a study folder says: of its held-out text, tokenizer, training and machine.
std::string training_items(const StudyResults& study);

}  // namespace isoloss
