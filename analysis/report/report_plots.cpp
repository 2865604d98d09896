#include "analysis/report/report_plots.h"

#include "analysis/report/report_inference.h"
#include "analysis/report/report_plot_families.h"

namespace isoloss {

std::vector<PlotSection> report_plots(const StudyResults& study) {
  std::vector<PlotSection> sections{{"", {loss_plot(study)}}};
  const auto add = [&](const char* heading, std::initializer_list<Plots> families) {
    PlotSection section{heading, {}};
    for (const Plots& plots : families) {
      section.plots.insert(section.plots.end(), plots.begin(), plots.end());
    }
    sections.push_back(std::move(section));
  };
  Plots savings = savings_plots(study);
  if (!savings.empty()) {
    sections.front().plots.push_back(savings.front());
    savings.erase(savings.begin());
  }
  Plots residuals = residual_plots(study);
  sections.front().plots.push_back(residuals.front());
  residuals.erase(residuals.begin());
  add("Savings", {savings});
  add("Best sizes", {isoflop_plots(study), optimum_plots(study)});
  add("Laws", {residuals, law_plots(study), {hold_out_plot(study)}});
  add("How well the laws are known", {uncertainty_plots(study)});
  add("Learning rates and curves", {learning_rate_plots(study), curve_plots(study)});
  add("One-shot scores", {score_plots(study)});
  add("Inference", {{inference_plot(study)}});
  for (PlotSection& section : sections) {
    std::erase_if(section.plots, [](const Plot& plot) { return !has_data(plot); });
  }
  std::erase_if(sections, [](const PlotSection& section) { return section.plots.empty(); });
  return sections;
}

}  // namespace isoloss
