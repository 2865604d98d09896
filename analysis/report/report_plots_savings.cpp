#include <fmt/format.h>

#include <map>

#include "analysis/plot/number_text.h"
#include "analysis/report/report_plot_families.h"
#include "analysis/report/report_plot_parts.h"

namespace isoloss {
namespace {

enum class Against { Loss, Compute };

std::string tip_of(const Comparison& comparison, const SavingsAt& at) {
  return fmt::format("{} against {} at loss {}\n{}×, {}", comparison.candidate, comparison.baseline,
                     fixed(at.loss, 3), factor(at.savings),
                     at.interval ? interval_text(*at.interval) : "no interval");
}

// Markers where the report's table gives the savings, with the table's words.
Series markers(const StudyResults& study, const Comparison& comparison,
               const std::vector<double>& x) {
  Series out = series_of(study, comparison.candidate, SeriesKind::Points, "");
  for (std::size_t i = 0; i < x.size(); ++i) {
    const SavingsAt& at = comparison.savings->at[i];
    if (at.extrapolated) continue;
    out.x.push_back(x[i]);
    out.y.push_back(at.savings);
    out.tips.push_back(tip_of(comparison, at));
  }
  return out;
}

Plot savings_plot(const StudyResults& study, const std::string& baseline, bool wall_clock,
                  Against against) {
  Plot plot;
  const char* unit = wall_clock ? "seconds" : "FLOPs";
  plot.title = fmt::format("Savings in {} against {}{}.", wall_clock ? "training time" : "FLOPs",
                           baseline, against == Against::Compute ? ", by compute" : "");
  plot.caption = fmt::format(
      "Bands: 95 % intervals{} Above 1 the candidate needs less.",
      against == Against::Loss
          ? ". Lower loss, so more compute, to the right."
          : " of the saving at a compute that the baseline spends. Markers: the losses of the "
            "table, at the compute that the baseline needs for them.");
  plot.x = against == Against::Loss
               ? Axis{"held-out loss (nats per token)", false, true, {}}
               : Axis{fmt::format("{} the baseline needs", unit), true, false, {}};
  plot.y = {fmt::format("{} of {} / of candidate", unit, baseline), true, false, {}};
  plot.levels = {{1.0, "no saving"}};
  for (const Comparison& comparison : study.comparisons) {
    if (comparison.baseline != baseline || comparison.wall_clock != wall_clock) continue;
    if (!comparison.savings) continue;
    const Savings& savings = *comparison.savings;
    const auto place = [&](const SavingsAt& at) {
      return against == Against::Loss ? at.loss : at.baseline_compute;
    };
    Series line = series_of(study, comparison.candidate, SeriesKind::Lines, comparison.candidate);
    Series band = series_of(study, comparison.candidate, SeriesKind::Band, "");
    for (const SavingsAt& at : against == Against::Loss ? savings.curve : savings.by_compute) {
      const double x = place(at);
      line.x.push_back(x);
      line.y.push_back(at.savings);
      if (!at.interval) continue;
      band.x.push_back(x);
      band.low.push_back(at.interval->first);
      band.high.push_back(at.interval->second);
    }
    std::vector<double> marked;
    for (const SavingsAt& at : savings.at) marked.push_back(place(at));
    plot.series.insert(plot.series.begin(), std::move(band));
    plot.series.push_back(std::move(line));
    plot.series.push_back(markers(study, comparison, marked));
  }
  return plot;
}

// The named baseline, and the one that is the best other baseline of the most candidates.
std::vector<std::string> plotted_baselines(const StudyResults& study) {
  std::map<std::string, int> candidates;
  std::string best;
  for (const Comparison& comparison : study.comparisons) {
    if (comparison.baseline == study.baseline) continue;
    if (++candidates[comparison.baseline] > candidates[best]) best = comparison.baseline;
  }
  if (best.empty()) return {study.baseline};
  return {study.baseline, best};
}

}  // namespace

Plots savings_plots(const StudyResults& study) {
  Plots plots;
  if (study.baseline.empty()) return plots;
  int number = 0;
  for (const std::string& baseline : plotted_baselines(study)) {
    ++number;
    const auto add = [&](const char* name, bool wall_clock, Against against) {
      plots.push_back(savings_plot(study, baseline, wall_clock, against));
      plots.back().name = fmt::format("{}_baseline_{}", name, number);
    };
    add("savings_flops", false, Against::Loss);
    add("savings_by_compute", false, Against::Compute);
    add("savings_seconds", true, Against::Loss);
  }
  return plots;
}

}  // namespace isoloss
