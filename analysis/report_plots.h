// The report's plots, from the study alone. A plot without data is not in the list.
#pragma once
#include <vector>

#include "analysis/plot.h"
#include "analysis/report_study.h"

namespace isoloss {

// Loss against compute, savings against loss (per baseline and unit), loss against learning rate,
// learning curves, best size against compute, one-shot scores against compute (per task).
std::vector<Plot> report_plots(const StudyResults& study);

}  // namespace isoloss
