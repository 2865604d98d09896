// The tables of the fit card (report_fit_card.h).
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <optional>
#include <string>
#include <vector>

#include "analysis/numbers/statistics.h"
#include "analysis/plot/table_of.h"
#include "analysis/report/report_fit_card.h"
#include "analysis/report/report_fitted_laws.h"

namespace isoloss {
namespace {

// "chinchilla" or "power along the surface frontier".
std::string law_name(const FittedLaw& law) {
  if (law.kind == FittedLaw::OfPoints) return law.fit->law;
  return law.fit->frontier == FrontierKind::Points
             ? law.fit->law
             : fmt::format("{} along the {} frontier", law.fit->law, name_of(law.fit->frontier));
}

std::string flags_of(const FittedLaw& law) {
  std::string out = fmt::format("{}", fmt::join(law.fit->flags, "; "));
  if (law.why_not_points.empty()) return out;
  return fmt::format("{}{}no chinchilla law: {}", out, out.empty() ? "" : "; ", law.why_not_points);
}

// Of one of its parameters; none where the data do not determine it.
std::optional<Interval> interval_of(const Fit& fit, const std::string& name) {
  if (!fit.has_flag(name + "_undetermined"))
    for (const auto& [known, range] : fit.intervals)
      if (known == name) return range;
  return std::nullopt;
}

struct LawParameter {
  std::string name;
  double value = 0;
  std::optional<Interval> interval;
};

struct PointsOfLaw {
  std::string architecture;
  std::size_t points = 0;  // also of one that has no law
};

}  // namespace

Table law_parameters_table(const StudyResults& study) {
  TableOf<FittedLaw, LawParameter> table(
      "law_parameters",
      "The law of each architecture with 95 % intervals: chinchilla, E + A N^-alpha + B "
      "D^-beta, where its trials allow it, else the power law E + a C^-b; size exponent: N* "
      "grows as C to this power. Where points say how many parameters the embedding has, the "
      "exponents of the law with N counted without it stand beside them.");
  table.words("architecture", "architecture",
              [&](const FittedLaw& law) { return study.architectures[law.place]; });
  table.words("parameter", "parameter", &LawParameter::name);
  table.significant("value", "value", 8, &LawParameter::value);
  table.significant_ends("interval", 4, &LawParameter::interval);
  table.words("law", "law", law_name);
  for (const FittedLaw& fitted : fitted_laws(study)) {
    for (const auto& [name, value] : fitted.fit->parameters) {
      table.add(fitted, {name, value, interval_of(*fitted.fit, name)});
    }
    if (fitted.kind != FittedLaw::OfPoints) continue;
    const ArchitectureLaw& law = study.laws[fitted.place];
    std::vector<double> exponents;
    if (law.draws_give_intervals()) {
      for (const ChinchillaLaw& drawn : law.drawn()) {
        exponents.push_back(drawn.beta / (drawn.alpha + drawn.beta));
      }
    }
    table.add(fitted, {"size exponent", law.law.beta / (law.law.alpha + law.law.beta),
                       percentile_interval(exponents, 0.95)});
    if (!law.without_embeddings) continue;
    const Fit& inner = *law.without_embeddings;
    for (const std::string exponent : {"alpha", "beta"})
      table.add(fitted, {exponent + ", N without embeddings", inner.parameter(exponent),
                         interval_of(inner, exponent)});
    const ChinchillaLaw other = chinchilla_law(inner.parameters);
    table.add(fitted, {"size exponent, N without embeddings",
                       other.beta / (other.alpha + other.beta), std::nullopt});
  }
  return table.take();
}

Table law_fits_table(const StudyResults& study) {
  TableOf<PointsOfLaw, FittedLaw> table(
      "law_fits",
      "What the optimiser says of each fit. Gradient: scale-free, the root of the relative "
      "decrease that one more Newton step would promise, times two. Condition: of the "
      "curvature at the optimum. Bound: by at most so much could any parameters within the "
      "bounds lower the objective, by branch and bound (docs/fitting.md, Solver). Draws: "
      "resamples, or draws of measured noise.");
  using Of = const FittedLaw&;
  table.words("architecture", "architecture", &PointsOfLaw::architecture);
  table.count("points", "points", &PointsOfLaw::points);
  table.significant("objective", "objective (sum)", 10, [](Of law) { return law.fit->value; });
  table.significant("gradient", "gradient", 2, [](Of law) { return law.fit->gradient_norm; });
  table.significant("condition", "condition", 3, [](Of law) { return law.fit->condition; });
  table.count("starts", "starts refined", [](Of law) { return law.fit->starts; });
  table.count("starts_agreeing", "agree", [](Of law) { return law.fit->starts_agreeing; });
  table.significant("bound", "bound (%)", 2, [](Of law) {
    return law.fit->certificate ? 100 * law.fit->certificate->relative_gap : kNone;
  });
  table.count("resamples", "draws", [](Of law) { return law.fit->resamples; });
  table.count("failed_resamples", "failed", [](Of law) { return law.fit->failed_resamples; });
  table.words("law", "law", law_name);
  table.sentence("flags", "flags of the fit, or why there is none", flags_of);
  const std::vector<FittedLaw> laws = fitted_laws(study);
  auto fitted = laws.begin();
  for (std::size_t i = 0; i < study.laws.size(); ++i) {
    if (fitted == laws.end() || fitted->place != i) {
      table.refuse({study.architectures[i], study.laws[i].points.size()}, study.laws[i].refusal);
      continue;
    }
    table.add({study.architectures[i], fitted->fit->n}, *fitted);
    ++fitted;
  }
  return table.take();
}

Table calibration_table(const StudyResults& study) {
  TableOf<FittedLaw, CalibrationRow> table(
      "calibration",
      "Prediction intervals of each law on points beyond its fold's compute (leave future "
      "out): the share that lay inside, and the share when intervals are widened by what "
      "the other folds call for. The folds overlap, so this can show a law that does not "
      "extrapolate, not prove one that does.");
  using Of = const FittedLaw&;
  table.words("architecture", "architecture",
              [&](const FittedLaw& law) { return study.architectures[law.place]; });
  table.significant("level", "level (%)", 3,
                    [](const CalibrationRow& at) { return 100 * at.level; });
  table.fixed("coverage", "inside (%)", 1,
              [](const CalibrationRow& at) { return 100 * at.coverage; });
  table.fixed("calibrated", "widened (%)", 1,
              [](const CalibrationRow& at) { return 100 * at.calibrated; });
  table.count("folds", "folds", [](Of law) { return law.fit->calibration->folds.size(); });
  table.count("predictions", "predictions",
              [](Of law) { return law.fit->calibration->predictions; });
  table.fixed("decades", "decades on", 2, [](Of law) { return law.fit->calibration->decades; });
  table.fixed("factor", "widened by", 2, [](Of law) { return law.fit->calibration->factor; });
  for (const FittedLaw& law : fitted_laws(study)) {
    if (!law.fit->calibration) continue;
    for (const CalibrationRow& row : law.fit->calibration->rows) table.add(law, row);
  }
  return table.take();
}

}  // namespace isoloss
