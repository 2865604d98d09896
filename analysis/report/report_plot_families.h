// The report's plots by family, one source file each. Every function may return plots without data;
// report_plots drops those.
#pragma once
#include <vector>

#include "analysis/plot/plot.h"
#include "analysis/report/report_study.h"

namespace isoloss {

using Plots = std::vector<Plot>;

// report_plots_loss.cpp: every trial against compute, with each frontier and its band.
Plot loss_plot(const StudyResults& study);
// report_plots_savings.cpp: per baseline against loss, against compute, and in seconds.
Plots savings_plots(const StudyResults& study);
// report_plots_sizes.cpp: isoFLOP parabolas with their vertices, per architecture; N*, D* and
// tokens per parameter against compute.
Plots isoflop_plots(const StudyResults& study);
Plots optimum_plots(const StudyResults& study);
// report_plots_law.cpp: the chinchilla laws: residuals against N, D and D/N; parity; contours with
// the efficient frontier.
Plots residual_plots(const StudyResults& study);
Plots law_plots(const StudyResults& study);
// A quantity of the efficient frontier against compute, with its bootstrap band where the draws
// give one.
struct LawLine {
  Series band, line;
};
LawLine law_line(const StudyResults& study, std::size_t place,
                 double (*value)(const EfficientPoint&));
// Whether the law says more of the best sizes than the frontier does, which knows no budgets.
bool law_draws_frontier(const StudyResults& study, std::size_t place);
// report_plots_uncertainty.cpp: profile and bootstrap per architecture; leave-future-out.
Plots uncertainty_plots(const StudyResults& study);
Plot hold_out_plot(const StudyResults& study);
// report_plots_rates.cpp: where rates were decided, and per size wherever several were trained.
Plots learning_rate_plots(const StudyResults& study);
// report_plots_curves.cpp: learning curves, and where the candidates' pass the baseline's last
// loss.
Plots curve_plots(const StudyResults& study);
// report_plots_scores.cpp: one-shot scores, per task.
Plots score_plots(const StudyResults& study);

}  // namespace isoloss
