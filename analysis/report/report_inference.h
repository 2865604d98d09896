// Inference cost beside quality in the report, as figure 8 of So et al. 2021 shows it.
#pragma once
#include "analysis/plot/html.h"
#include "analysis/plot/plot.h"
#include "analysis/report/report_study.h"

namespace isoloss {

// Every trial's held-out loss against its forward seconds per token, with each architecture's best.
Plot inference_plot(const StudyResults& study);

// Forward seconds of each candidate beside the baseline's, at losses that both reach; where they
// share none, a row with both ranges and a bound of the ratio. No rows where no seconds were
// measured.
Table inference_table(const StudyResults& study);

}  // namespace isoloss
