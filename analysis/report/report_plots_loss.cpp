#include <utility>

#include "analysis/report/report_plot_families.h"
#include "analysis/report/report_plot_parts.h"

namespace isoloss {
namespace {

Series band_of(const StudyResults& study, std::size_t place) {
  Series band = series_of(study, study.architectures[place], SeriesKind::Band, "");
  for (const Optimum& optimum : study.frontiers[place].optima) {
    if (!optimum.point.used || !optimum.loss) continue;
    band.x.push_back(optimum.point.flops);
    band.low.push_back(optimum.loss->first);
    band.high.push_back(optimum.loss->second);
  }
  return band;
}

// An architecture's trials, and those whose learning rate lost its search.
struct Trials {
  Series results, arms;
};

Trials trials_of(const StudyResults& study, const std::string& architecture) {
  Series trials = series_of(study, architecture, SeriesKind::Points, "");
  Series arms = trials;
  trials.scale = 0.9;
  arms.scale = 0.55;
  arms.hollow = true;
  std::vector<const Point*> own;
  for (const Point& point : study.all.points) {
    if (point.architecture == architecture) own.push_back(&point);
  }
  for (const std::size_t at : drawn_places(own.size(), kMostDrawn)) {
    const Point& point = *own[at];
    Series& series = is_result(point) ? trials : arms;
    series.x.push_back(point.flops);
    series.y.push_back(point.loss);
    series.tips.push_back(tip_of(point));
  }
  return {std::move(trials), std::move(arms)};
}

}  // namespace

Plot loss_plot(const StudyResults& study) {
  Plot plot;
  plot.name = "loss_against_compute";
  plot.title = "Loss against compute.";
  plot.x = compute_axis();
  plot.y = loss_axis();
  plot.second = bits_per_byte_axis(study);
  bool arms_there = false, bands_there = false, law_there = false, law_band_there = false;
  std::vector<Series> behind, trials_of_all, lines;
  for (std::size_t i = 0; i < study.architectures.size(); ++i) {
    const std::string& architecture = study.architectures[i];
    auto [trials, arms] = trials_of(study, architecture);
    arms_there = arms_there || !arms.x.empty();
    if (law_draws_frontier(study, i)) {
      LawLine law = law_line(study, i, [](const EfficientPoint& p) { return p.loss; });
      law_there = true;
      law_band_there = law_band_there || !law.band.x.empty();
      trials.title = architecture;
      behind.push_back(std::move(law.band));
      lines.push_back(std::move(law.line));
      trials_of_all.push_back(std::move(arms));
      trials_of_all.push_back(std::move(trials));
      continue;
    }
    Series line = series_of(study, architecture, SeriesKind::Lines, architecture);
    if (study.frontiers[i].frontier) {
      for (const FrontierPoint& point : study.frontiers[i].frontier->used()) {
        line.x.push_back(point.flops);
        line.y.push_back(point.loss);
      }
    }
    if (line.x.size() < 2) {
      trials.title = architecture;
      line = {};
    }
    Series band = band_of(study, i);
    if (band.x.size() > 1) {
      bands_there = true;
      behind.push_back(std::move(band));
    }
    trials_of_all.push_back(std::move(arms));
    trials_of_all.push_back(std::move(trials));
    if (!line.x.empty()) lines.push_back(std::move(line));
  }
  for (auto* part : {&behind, &trials_of_all, &lines}) {
    plot.series.insert(plot.series.end(), part->begin(), part->end());
  }
  plot.caption =
      "Every trial, and each architecture's compute-optimal frontier as a line through the budgets "
      "that count.";
  if (law_there) {
    plot.caption =
        "Every trial, and the loss that the chinchilla law gives each compute at its best size";
    plot.caption += law_band_there ? ", with its 95 % band (bootstrap)." : ".";
  }
  if (bands_there) plot.caption += " Bands: 95 % intervals of the frontier, from measured noise.";
  if (arms_there) plot.caption += " Small open markers: learning rates that lost their search.";
  if (study.all.floor) plot.levels = {{*study.all.floor, "exact floor"}};
  return plot;
}

}  // namespace isoloss
