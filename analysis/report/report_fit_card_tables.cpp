// The tables of the fit card (report_fit_card.h).
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <string>
#include <vector>

#include "analysis/numbers/statistics.h"
#include "analysis/plot/number_text.h"
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
Interval interval_of(const Fit& fit, const std::string& name) {
  if (!fit.has_flag(name + "_undetermined"))
    for (const auto& [known, range] : fit.intervals)
      if (known == name) return range;
  return {kNone, kNone};
}

}  // namespace

Table law_parameters_table(const StudyResults& study) {
  Table table{
      "law_parameters",
      "The law of each architecture with 95 % intervals: chinchilla, E + A N^-alpha + B "
      "D^-beta, where its trials allow it, else the power law E + a C^-b; size exponent: N* "
      "grows as C to this power. Where points say how many parameters the embedding has, the "
      "exponents of the law with N counted without it stand beside them.",
      {words_column("architecture", "architecture"), words_column("parameter", "parameter"),
       number_column("value", "value"), number_column("interval_low", "from"),
       number_column("interval_high", "to"), words_column("law", "law")},
      {}};
  for (const FittedLaw& fitted : fitted_laws(study)) {
    const auto row = [&](const std::string& name, double value, const Interval& interval) {
      table.rows.push_back({text_cell(study.architectures[fitted.place]), text_cell(name),
                            significant_cell(value, 8), significant_cell(interval.first, 4),
                            significant_cell(interval.second, 4), text_cell(law_name(fitted))});
    };
    for (const auto& [name, value] : fitted.fit->parameters) {
      row(name, value, interval_of(*fitted.fit, name));
    }
    if (fitted.kind != FittedLaw::OfPoints) continue;
    const ArchitectureLaw& law = study.laws[fitted.place];
    std::vector<double> exponents;
    if (law.draws_give_intervals()) {
      for (const ChinchillaLaw& drawn : law.drawn()) {
        exponents.push_back(drawn.beta / (drawn.alpha + drawn.beta));
      }
    }
    row("size exponent", law.law.beta / (law.law.alpha + law.law.beta),
        ends_of(percentile_interval(exponents, 0.95)));
    if (!law.without_embeddings) continue;
    for (const char* exponent : {"alpha", "beta"})
      row(fmt::format("{}, N without embeddings", exponent),
          law.without_embeddings->parameter(exponent),
          interval_of(*law.without_embeddings, exponent));
    const ChinchillaLaw other = chinchilla_law(law.without_embeddings->parameters);
    row("size exponent, N without embeddings", other.beta / (other.alpha + other.beta),
        {kNone, kNone});
  }
  return table;
}

Table law_fits_table(const StudyResults& study) {
  Table table{"law_fits",
              "What the optimiser says of each fit. Gradient: scale-free, the root of the relative "
              "decrease that one more Newton step would promise, times two. Condition: of the "
              "curvature at the optimum. Bound: by at most so much could any parameters within the "
              "bounds lower the objective, by branch and bound (docs/fitting.md, Solver). Draws: "
              "resamples, or draws of measured noise.",
              {words_column("architecture", "architecture"), number_column("points", "points"),
               number_column("objective", "objective (sum)"), number_column("gradient", "gradient"),
               number_column("condition", "condition"), number_column("starts", "starts refined"),
               number_column("starts_agreeing", "agree"), number_column("bound", "bound (%)"),
               number_column("resamples", "draws"), number_column("failed_resamples", "failed"),
               words_column("law", "law"),
               sentence_column("flags", "flags of the fit, or why there is none")},
              {}};
  const std::vector<FittedLaw> laws = fitted_laws(study);
  auto fitted = laws.begin();
  for (std::size_t i = 0; i < study.laws.size(); ++i) {
    if (fitted == laws.end() || fitted->place != i) {
      table.rows.push_back(
          refused_row(table,
                      {text_cell(study.architectures[i]),
                       fixed_cell(static_cast<double>(study.laws[i].points.size()), 0)},
                      study.laws[i].refusal));
      continue;
    }
    const Fit& fit = *fitted->fit;
    table.rows.push_back(
        {text_cell(study.architectures[i]), fixed_cell(static_cast<double>(fit.n), 0),
         significant_cell(fit.value, 10), significant_cell(fit.gradient_norm, 2),
         significant_cell(fit.condition, 3), fixed_cell(fit.starts, 0),
         fixed_cell(fit.starts_agreeing, 0),
         significant_cell(fit.certificate ? 100 * fit.certificate->relative_gap : kNone, 2),
         fixed_cell(fit.resamples, 0), fixed_cell(fit.failed_resamples, 0),
         text_cell(law_name(*fitted)), text_cell(flags_of(*fitted))});
    ++fitted;
  }
  return table;
}

Table calibration_table(const StudyResults& study) {
  Table table{"calibration",
              "Prediction intervals of each law on points beyond its fold's compute (leave future "
              "out): the share that lay inside, and the share when intervals are widened by what "
              "the other folds call for. The folds overlap, so this can show a law that does not "
              "extrapolate, not prove one that does.",
              {words_column("architecture", "architecture"), number_column("level", "level (%)"),
               number_column("coverage", "inside (%)"), number_column("calibrated", "widened (%)"),
               number_column("folds", "folds"), number_column("predictions", "predictions"),
               number_column("decades", "decades on"), number_column("factor", "widened by")},
              {}};
  for (const FittedLaw& law : fitted_laws(study)) {
    if (!law.fit->calibration) continue;
    const Calibration& calibration = *law.fit->calibration;
    for (const CalibrationRow& row : calibration.rows) {
      table.rows.push_back({text_cell(study.architectures[law.place]),
                            significant_cell(100 * row.level, 3), fixed_cell(100 * row.coverage, 1),
                            fixed_cell(100 * row.calibrated, 1),
                            fixed_cell(static_cast<double>(calibration.folds.size()), 0),
                            fixed_cell(static_cast<double>(calibration.predictions), 0),
                            fixed_cell(calibration.decades, 2), fixed_cell(calibration.factor, 2)});
    }
  }
  return table;
}

}  // namespace isoloss
