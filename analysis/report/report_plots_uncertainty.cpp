#include <fmt/format.h>

#include <cmath>

#include "analysis/fit/fit_points.h"
#include "analysis/plot/number_text.h"
#include "analysis/report/report_plot_families.h"
#include "analysis/report/report_plot_parts.h"
#include "analysis/report/report_profile.h"

namespace isoloss {
namespace {

struct Coordinate {
  const char* label;
  double (*value)(const ChinchillaLaw&);
};

constexpr Coordinate kAlpha{"alpha", [](const ChinchillaLaw& l) { return l.alpha; }};
constexpr Coordinate kBeta{"beta", [](const ChinchillaLaw& l) { return l.beta; }};
constexpr Coordinate kFloor{"E (nats)", [](const ChinchillaLaw& l) { return l.E; }};
constexpr Coordinate kLogA{"ln A", [](const ChinchillaLaw& l) { return std::log(l.A); }};
constexpr Coordinate kLogB{"ln B", [](const ChinchillaLaw& l) { return std::log(l.B); }};

std::string tip_of(const ChinchillaLaw& law) {
  return fmt::format("A {}, B {}, E {}\nalpha {}, beta {}", significant(law.A, 5),
                     significant(law.B, 5), fixed(law.E, 4), fixed(law.alpha, 4),
                     fixed(law.beta, 4));
}

const char* draws_of(const ArchitectureLaw& fitted) {
  return fitted.draws_are_noise() ? "draws of the noise" : "resamples";
}

std::string caption_of(const ArchitectureLaw& fitted) {
  if (fitted.draws_are_noise()) {
    return "A marker a draw of the measured noise about the law, fitted again. The law's intervals "
           "rest on: " +
           fitted.fit->uncertainty + ".";
  }
  std::string out = "A marker a resample of whole runs, or of points where none are named.";
  if (fitted.fit && !fitted.draws_give_intervals()) {
    out += " They spread too little to be intervals: " + fitted.fit->uncertainty + ".";
  }
  return out;
}

Series cloud_of(const StudyResults& study, std::size_t place, const Coordinate& x,
                const Coordinate& y) {
  const char* words = draws_of(study.laws[place]);
  Series out = series_of(study, study.architectures[place], SeriesKind::Points, words);
  out.name = words;
  out.scale = 0.45;
  for (const ChinchillaLaw& law : study.laws[place].drawn()) {
    out.x.push_back(x.value(law));
    out.y.push_back(y.value(law));
    out.tips.push_back(tip_of(law));
  }
  return out;
}

Series optimum(const ArchitectureLaw& fitted, const Coordinate& x, const Coordinate& y) {
  Series out;
  out.name = out.title = "fit";
  out.style = 0;
  out.hollow = true;
  out.scale = 1.9;
  out.x = {x.value(fitted.law)};
  out.y = {y.value(fitted.law)};
  out.tips = {tip_of(fitted.law)};
  return out;
}

Plot pair_plot(const StudyResults& study, std::size_t place, const Coordinate& x,
               const Coordinate& y) {
  Plot plot;
  const ArchitectureLaw& fitted = study.laws[place];
  plot.title =
      fmt::format("Bootstrap of {} and {}, {}.", x.label, y.label, study.architectures[place]);
  plot.caption = caption_of(fitted);
  plot.x = {x.label, false, false, {}};
  plot.y = {y.label, false, false, {}};
  Series cloud = cloud_of(study, place, x, y);
  if (cloud.x.empty()) return plot;
  plot.series = {std::move(cloud), optimum(fitted, x, y)};
  return plot;
}

// Residuals of a double exponential law with its scale profiled out have -2 ln likelihood ratio
// 2 n ln(f / f_min), to be compared with chi squared of two degrees: -2 ln(1 - level).
double limit_of(const ArchitectureLaw& fitted, const ExponentProfile& profile, double level) {
  return profile.minimum *
         std::exp(-std::log(1 - level) / static_cast<double>(fitted.points.size()));
}

Plot profile_plot(const StudyResults& study, std::size_t place) {
  Plot plot;
  const ArchitectureLaw& fitted = study.laws[place];
  plot.title = fmt::format("Profile of the exponents, {}.", study.architectures[place]);
  plot.caption =
      "Shaded: exponents whose best fit is not much worse than the best of all, the 50 % and 95 % "
      "regions of the profile likelihood if residuals were independent and double exponential, "
      "which is what Huber's objective with a small delta amounts to. Markers: ";
  plot.caption += std::string(draws_of(fitted)) + ", fitted again.";
  plot.x = {"alpha", false, false, {}};
  plot.y = {"beta", false, false, {}};
  if (!fitted.fit || std::ssize(fitted.points) > kMostPointsProfiled) return plot;
  const ExponentProfile profile = exponent_profile(study.results, fitted);
  for (const double level : {0.95, 0.5}) {
    const ProfileBand band = profile_band(profile, limit_of(fitted, profile, level));
    if (band.alpha.size() < 2) continue;
    Series region;
    region.style = 7;
    region.kind = SeriesKind::Band;
    region.name = region.title = fmt::format("{:.0f} %", 100 * level);
    region.x = band.alpha;
    region.low = band.low;
    region.high = band.high;
    plot.series.push_back(std::move(region));
  }
  Series cloud = cloud_of(study, place, kAlpha, kBeta);
  if (!cloud.x.empty()) plot.series.push_back(std::move(cloud));
  plot.series.push_back(optimum(fitted, kAlpha, kBeta));
  return plot;
}

}  // namespace

Plots uncertainty_plots(const StudyResults& study) {
  constexpr std::pair<Coordinate, Coordinate> kPairs[] = {
      {kAlpha, kBeta}, {kAlpha, kFloor}, {kBeta, kFloor}, {kLogA, kAlpha}, {kLogB, kBeta}};
  Plots plots;
  for (std::size_t i = 0; i < study.architectures.size(); ++i) {
    plots.push_back(profile_plot(study, i));
    plots.back().name = fmt::format("profile_{}", i + 1);
    int number = 0;
    for (const auto& [x, y] : kPairs) {
      plots.push_back(pair_plot(study, i, x, y));
      plots.back().name = fmt::format("bootstrap_{}_{}", i + 1, ++number);
    }
  }
  return plots;
}

Plot hold_out_plot(const StudyResults& study) {
  Plot plot;
  plot.name = "hold_out_error";
  plot.title = "Hold-out error against the ladder's cost.";
  plot.caption =
      "The law is fitted to all trials up to a compute and predicts every later one, the folds of "
      "the calibration table: mean of |ln(predicted / measured)| over those. Cost: FLOPs of the "
      "runs fitted.";
  plot.x = {"cost of the runs fitted (FLOPs)", true, false, {}};
  plot.y = {"error of later trials (%)", true, false, {}};
  for (std::size_t i = 0; i < study.architectures.size(); ++i) {
    const std::string& architecture = study.architectures[i];
    Series series = series_of(study, architecture, SeriesKind::LinesPoints, architecture);
    const ArchitectureLaw& law = study.laws[i];
    if (!law.fit || !law.fit->calibration) continue;
    for (const CalibrationFold& fold : law.fit->calibration->folds) {
      series.x.push_back(law.cost_up_to(fold.largest_flops));
      series.y.push_back(100 * fold.error);
      series.tips.push_back(
          fmt::format("{}: fitted {} up to {} FLOPs\npredicts {} later ones to {} %", architecture,
                      count_text(fold.fitted, "trial"), significant(fold.largest_flops, 3),
                      fold.predicted, fixed(100 * fold.error, 2)));
    }
    plot.series.push_back(std::move(series));
  }
  return plot;
}

}  // namespace isoloss
