#include "analysis/report_fit_card.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "analysis/report_number.h"
#include "analysis/statistics.h"

namespace isoloss {
namespace {


const Fit* any_fit(const StudyResults& study) {
  for (const ArchitectureLaw& law : study.laws) {
    if (law.fit) return &*law.fit;
  }
  return nullptr;
}

std::string objective_text(const StudyResults& study, const Fit& fit) {
  const auto& columns = study.all.other_columns;
  const bool weighted = std::find(columns.begin(), columns.end(), "weight") != columns.end();
  return fmt::format("sum over points of {}{} of {}; {}", name_of(fit.objective),
                     fit.objective == ObjectiveKind::Huber
                         ? fmt::format(" (delta {})", significant(fit.delta, 3))
                         : "",
                     fit.space == FitSpace::Log ? "ln(predicted) - ln(loss)" : "predicted - loss",
                     weighted ? "a point counts as much as the file's column weight says"
                              : "every point counts once");
}

// "a: 36 points, parameters 2e4 to 4.7e5, ..." of every law.
std::string data_text(const StudyResults& study) {
  std::string out;
  for (std::size_t i = 0; i < study.laws.size(); ++i) {
    const auto& fit = study.laws[i].fit;
    if (!fit) continue;
    out += fmt::format("{}{}: {}", out.empty() ? "" : "; ", study.architectures[i],
                       count_text(fit->n, "point"));
    for (const char* name : {"parameters", "tokens", "flops", "tokens_per_parameter"}) {
      const auto range = fit->origin.ranges.find(name);
      if (range == fit->origin.ranges.end()) continue;
      std::string words = name;
      std::replace(words.begin(), words.end(), '_', ' ');
      out += fmt::format(", {} {} to {}", words, significant(range->second.first, 3),
                         significant(range->second.second, 3));
    }
  }
  return out;
}

// What the intervals rest on, once for all laws that say the same.
std::string uncertainty_text(const StudyResults& study) {
  std::vector<std::pair<std::string, std::string>> said;  // words, architectures
  for (std::size_t i = 0; i < study.laws.size(); ++i) {
    const ArchitectureLaw& law = study.laws[i];
    if (!law.fit) continue;
    std::string words = law.fit->uncertainty;
    if (law.draws_give_intervals() && law.draws_are_noise()) {
      words += fmt::format(
          "; size exponent and bands: 95 % percentiles of {} draws of the noise about the law, "
          "seed {}",
          law.fit->resamples, law.fit->seed);
    } else if (law.draws_give_intervals()) {
      words += fmt::format("; {} resamples, seed {}, 95 % percentiles", law.fit->resamples,
                           law.fit->seed);
    }
    const auto at = std::find_if(said.begin(), said.end(),
                                 [&](const auto& known) { return known.first == words; });
    if (at == said.end()) {
      said.emplace_back(words, study.architectures[i]);
    } else {
      at->second += ", " + study.architectures[i];
    }
  }
  if (said.size() == 1) return said.front().first;
  std::string out;
  for (const auto& [words, who] : said) out += (out.empty() ? "" : ". ") + who + ": " + words;
  return out;
}

std::string compute_text(const StudyResults& study) {
  std::string out =
      fmt::format("C: total training FLOPs, convention {}.",
                  study.all.flops_convention.empty() ? "not stated" : study.all.flops_convention);
  for (std::size_t i = 0; i < study.laws.size(); ++i) {
    const ArchitectureLaw& law = study.laws[i];
    if (!law.fit) continue;
    out += fmt::format(" {}: C = {} N D in the median, {} to {}.", study.architectures[i],
                       significant(law.flops_per_product, 3),
                       significant(law.flops_per_product_range.first, 3),
                       significant(law.flops_per_product_range.second, 3));
  }
  return out;
}

std::string hold_out_text(const StudyResults& study) {
  std::string out;
  for (std::size_t i = 0; i < study.laws.size(); ++i) {
    const auto& fit = study.laws[i].fit;
    if (!fit || !fit->calibration) continue;
    const CalibrationFold& last = fit->calibration->folds.back();
    out += fmt::format("{}{}: up to {} FLOPs fitted, {} later predicted to {} %",
                       out.empty() ? "" : "; ", study.architectures[i],
                       significant(last.largest_flops, 3), count_text(last.predicted, "point"),
                       fixed(100 * last.error, 2));
  }
  if (out.empty())
    return "none: it takes two folds, each fitting at least three budgets with enough points and "
           "predicting later ones";
  return "leave future out, every fold in hold_out_error.csv; the last: " + out;
}

}  // namespace

Table law_parameters_table(const StudyResults& study) {
  Table table{"law_parameters",
              "The chinchilla law of each architecture, E + A N^-alpha + B D^-beta, with 95 % "
              "intervals; size exponent: N* grows as C to this power.",
              {words_column("architecture", "architecture"), words_column("parameter", "parameter"),
               number_column("value", "value"), number_column("interval_low", "from"),
               number_column("interval_high", "to")},
              {}};
  for (std::size_t i = 0; i < study.laws.size(); ++i) {
    const ArchitectureLaw& law = study.laws[i];
    if (!law.fit) continue;
    const auto row = [&](const std::string& name, double value, const Interval& interval) {
      table.rows.push_back({text_cell(study.architectures[i]), text_cell(name),
                            significant_cell(value, 8), significant_cell(interval.first, 4),
                            significant_cell(interval.second, 4)});
    };
    for (const auto& [name, value] : law.fit->parameters) {
      Interval interval{kNone, kNone};
      for (const auto& [known, range] : law.fit->intervals) {
        if (known == name) interval = range;
      }
      row(name, value, interval);
    }
    std::vector<double> exponents;
    if (law.draws_give_intervals()) {
      for (const ChinchillaLaw& drawn : law.drawn()) {
        exponents.push_back(drawn.beta / (drawn.alpha + drawn.beta));
      }
    }
    row("size exponent", law.law.beta / (law.law.alpha + law.law.beta),
        ends_of(percentile_interval(exponents, 0.95)));
  }
  return table;
}

Table law_fits_table(const StudyResults& study) {
  Table table{"law_fits",
              "What the optimiser says of each fit. Gradient: scale-free, the root of the relative "
              "decrease that one more Newton step would promise, times two. Condition: of the "
              "curvature at the optimum. Draws: resamples, or draws of measured noise.",
              {words_column("architecture", "architecture"), number_column("points", "points"),
               number_column("objective", "objective (sum)"), number_column("gradient", "gradient"),
               number_column("condition", "condition"), number_column("starts", "starts refined"),
               number_column("starts_agreeing", "agree"), number_column("resamples", "draws"),
               number_column("failed_resamples", "failed"),
               sentence_column("flags", "flags of the fit, or why there is none")},
              {}};
  for (std::size_t i = 0; i < study.laws.size(); ++i) {
    const ArchitectureLaw& law = study.laws[i];
    if (!law.fit) {
      table.rows.push_back(refused_row(table,
                                       {text_cell(study.architectures[i]),
                                        fixed_cell(static_cast<double>(law.points.size()), 0)},
                                       law.refusal));
      continue;
    }
    const Fit& fit = *law.fit;
    table.rows.push_back({text_cell(study.architectures[i]),
                          fixed_cell(static_cast<double>(fit.n), 0),
                          significant_cell(fit.value, 10), significant_cell(fit.gradient_norm, 2),
                          significant_cell(fit.condition, 3), fixed_cell(fit.starts, 0),
                          fixed_cell(fit.starts_agreeing, 0), fixed_cell(fit.resamples, 0),
                          fixed_cell(fit.failed_resamples, 0),
                          text_cell(fmt::format("{}", fmt::join(fit.flags, "; ")))});
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
  for (std::size_t i = 0; i < study.laws.size(); ++i) {
    const auto& fit = study.laws[i].fit;
    if (!fit || !fit->calibration) continue;
    const Calibration& calibration = *fit->calibration;
    for (const CalibrationRow& row : calibration.rows) {
      table.rows.push_back({text_cell(study.architectures[i]), significant_cell(100 * row.level, 3),
                            fixed_cell(100 * row.coverage, 1), fixed_cell(100 * row.calibrated, 1),
                            fixed_cell(static_cast<double>(calibration.folds.size()), 0),
                            fixed_cell(static_cast<double>(calibration.predictions), 0),
                            fixed_cell(calibration.decades, 2), fixed_cell(calibration.factor, 2)});
    }
  }
  return table;
}

std::string fit_card_html(const StudyResults& study) {
  const Fit* fit = any_fit(study);
  if (!fit) return "";
  const std::size_t left_out = study.all.points.size() - study.results.points.size();
  const bool columns = study.from_csv();
  std::string out = "<dl>\n";
  out += html_item("Form",
                   "E + A N^-alpha + B D^-beta, a law for each architecture (Hoffmann et al. 2022, "
                   "equation 2, approach 3)");
  out += html_item(
      "N", columns ? "the file's column parameters, in units; whether embeddings count is the "
                     "file's to say"
                   : "all parameters, embeddings included");
  out += html_item(
      "D", columns ? "the file's column tokens" : "tokens trained on, repeats counted again");
  out += html_item("C", compute_text(study));
  out += html_item("Loss", columns ? "the file's column loss, nats per token"
                                   : "held-out, nats per token, on documents never trained on");
  out += html_item("Points", data_text(study));
  out += html_item("Objective", objective_text(study, *fit));
  out += html_item("Bounds", "exponents between 0.005 and 3; E, A and B not negative; E free");
  out += html_item(
      "Optimiser",
      "global search of a grid over the exponents with E, A, B solved by nonnegative least "
      "squares (variable projection), then Newton's method with exact curvature from the best "
      "local minima; stops where one more step promises less than 5e-15 of the objective");
  out += html_item("Starts",
                   fmt::format("{} refined of the grid, chosen by the objective; how many agreed "
                               "stands in the table above",
                               fit->starts));
  out += html_item("Hold-out", hold_out_text(study));
  out += html_item("Uncertainty", uncertainty_text(study));
  out += html_item("Points left out",
                   left_out == 0
                       ? "none"
                       : fmt::format("{} that lost or checked a learning-rate search", left_out));
  out += html_item(
      "Checkpoints",
      columns
          ? "as the file has them; points of one run are resampled together where the file "
            "names runs"
          : "the budgets of one run are points of one run: they are moved or resampled together");
  return out + html_item("Data", study.digest.digest + ": XXH3-64 of report/points.csv") +
         "</dl>\n";
}

}  // namespace isoloss
