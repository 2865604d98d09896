// The study card: under which conditions the report's numbers hold, and what they leave out.
#pragma once
#include <string>

#include "analysis/report/report_study.h"

namespace isoloss {

std::string card_html(const StudyResults& study);

}  // namespace isoloss
