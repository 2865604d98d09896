#include "analysis/report/report_fit_card.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <utility>
#include <vector>

#include "analysis/plot/number_text.h"
#include "analysis/report/report_fitted_laws.h"

namespace isoloss {
namespace {

using Laws = std::vector<FittedLaw>;

// What `words` says of each law, once where all say the same.
std::string of_each(const StudyResults& study, const Laws& laws,
                    const std::function<std::string(const FittedLaw&)>& words) {
  std::vector<std::pair<std::size_t, std::string>> said;
  for (const FittedLaw& law : laws) said.emplace_back(law.place, words(law));
  return said_once(study, said);
}

std::string form_words(const FittedLaw& law) {
  std::string out = form_of(law) + ", a law for each architecture";
  if (!law.why_not_points.empty()) {
    out += fmt::format("; of N and D there is none ({})", law.why_not_points);
  }
  return out;
}

bool along_frontier(const FittedLaw& law) { return law.fit->frontier != FrontierKind::Points; }

std::string objective_text(const StudyResults& study, const FittedLaw& law) {
  const Fit& fit = *law.fit;
  const auto& columns = study.all.other_columns;
  const bool weighted = std::find(columns.begin(), columns.end(), "weight") != columns.end();
  return fmt::format(
      "sum over {} of {}{} of {}; {}", along_frontier(law) ? "the frontier's points" : "points",
      name_of(fit.objective),
      fit.objective == ObjectiveKind::Huber ? fmt::format(" (delta {})", significant(fit.delta, 3))
                                            : "",
      fit.space == FitSpace::Log ? "ln(predicted) - ln(loss)" : "predicted - loss",
      weighted ? "a point counts as much as the file's column weight says"
               : "every point counts once");
}

// "a: 36 points, parameters 2e4 to 4.7e5, ..." of every law.
std::string data_text(const StudyResults& study, const Laws& laws) {
  std::string out;
  for (const FittedLaw& law : laws) {
    out += fmt::format("{}{}: {}", out.empty() ? "" : "; ", study.architectures[law.place],
                       count_text(law.fit->n, "point"));
    for (const char* name : {"parameters", "tokens", "flops", "tokens_per_parameter"}) {
      const auto range = law.fit->origin.ranges.find(name);
      if (range == law.fit->origin.ranges.end()) continue;
      std::string words = name;
      std::replace(words.begin(), words.end(), '_', ' ');
      out += fmt::format(", {} {} to {}", words, significant(range->second.first, 3),
                         significant(range->second.second, 3));
    }
    if (law.kind != FittedLaw::OfComparison) continue;
    const bool baseline = law.comparison->baseline == study.architectures[law.place];
    const auto used =
        (baseline ? law.comparison->baseline_frontier : law.comparison->candidate_frontier).used();
    const auto [low, high] = std::minmax_element(
        used.begin(), used.end(), [](const auto& a, const auto& b) { return a.flops < b.flops; });
    out += fmt::format(" of its frontier, flops {} to {}", significant(low->flops, 3),
                       significant(high->flops, 3));
  }
  return out;
}

// What the intervals rest on.
std::string uncertainty_text(const StudyResults& study, const FittedLaw& fitted) {
  if (fitted.kind == FittedLaw::OfComparison) {
    return fmt::format("none of the law's own; of the savings between {} and {}: {}",
                       fitted.comparison->baseline, fitted.comparison->candidate,
                       fitted.comparison->uncertainty);
  }
  std::string words = fitted.fit->uncertainty;
  if (fitted.kind == FittedLaw::AlongFrontier) return words;
  const ArchitectureLaw& law = study.laws[fitted.place];
  if (law.draws_give_intervals() && law.draws_are_noise()) {
    words += fmt::format(
        "; size exponent and bands: 95 % percentiles of {} draws of the noise about the law, "
        "seed {}",
        law.fit->resamples, law.fit->seed);
  } else if (law.draws_give_intervals()) {
    words +=
        fmt::format("; {} resamples, seed {}, 95 % percentiles", law.fit->resamples, law.fit->seed);
  }
  return words;
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

std::string bounds_text(const FittedLaw& law) {
  if (law.kind == FittedLaw::OfPoints) {
    return "exponents between 0.005 and 3; E, A and B not negative; E free";
  }
  const std::string floor =
      law.kind == FittedLaw::OfComparison
          ? fmt::format("E {}, the floor of the comparison ({})",
                        significant(law.fit->parameter("E"), 4), law.comparison->floor.name)
          : "E free";
  return "exponent between 0.005 and 3; E and a not negative; " + floor;
}

std::string why_not_held_out(const FittedLaw& law) {
  if (law.kind == FittedLaw::OfComparison)
    return "the laws of a comparison serve its savings alone";
  if (!law.fit->calibration_missing.empty()) return law.fit->calibration_missing;
  return "it takes two folds, each fitting at least three budgets with enough points and "
         "predicting "
         "later ones, so five budgets";
}

std::string hold_out_text(const StudyResults& study, const Laws& laws) {
  std::string out;
  for (const FittedLaw& law : laws) {
    if (!law.fit->calibration) continue;
    const CalibrationFold& last = law.fit->calibration->folds.back();
    out += fmt::format("{}{}: up to {} FLOPs fitted, {} later predicted to {} %",
                       out.empty() ? "" : "; ", study.architectures[law.place],
                       significant(last.largest_flops, 3), count_text(last.predicted, "point"),
                       fixed(100 * last.error, 2));
  }
  const bool plotted = std::any_of(laws.begin(), laws.end(), [](const FittedLaw& law) {
    return law.kind == FittedLaw::OfPoints;
  });
  if (!out.empty()) {
    return fmt::format("leave future out{}; the last: {}",
                       plotted ? ", every fold in hold_out_error.csv" : "", out);
  }
  return "none: " + of_each(study, laws, why_not_held_out);
}

std::string left_out_text(const StudyResults& study) {
  const std::size_t left_out = study.all.points.size() - study.results.points.size();
  if (left_out == 0) return "none";
  return fmt::format("{} that lost or checked a learning-rate search", left_out);
}

// What the variables are, which the law's kind does not change.
std::string variables_html(const StudyResults& study) {
  const bool columns = study.from_csv();
  return html_item("N", columns
                            ? "the file's column parameters, in units; whether embeddings count is "
                              "the file's to say"
                            : "all parameters, embeddings included") +
         html_item("D", columns ? "the file's column tokens"
                                : "tokens trained on, repeats counted again") +
         html_item("C", compute_text(study)) +
         html_item("Loss", columns ? "the file's column loss, nats per token"
                                   : "held-out, nats per token, on text never trained on: whole "
                                     "documents, or the end of the text where it is a single one");
}

std::string solver_html(const StudyResults& study, const Laws& laws) {
  return html_item("Bounds", of_each(study, laws, bounds_text)) +
         html_item("Optimiser",
                   "global search of a grid over the exponents with floor and coefficients solved "
                   "by nonnegative least squares (variable projection), then Newton's method with "
                   "exact curvature from the best local minima; stops where one more step promises "
                   "less than 5e-15 of the objective; how far any other parameters could be better "
                   "stands in the table above as the bound") +
         html_item("Starts", of_each(study, laws, [](const FittedLaw& law) {
                     return fmt::format(
                         "{} refined of the grid, chosen by the objective; how many "
                         "agreed stands in the table above",
                         law.fit->starts);
                   }));
}

}  // namespace

std::string fit_card_html(const StudyResults& study) {
  const Laws laws = fitted_laws(study);
  if (laws.empty()) return "";
  std::string out = "<dl>\n" + html_item("Form", of_each(study, laws, form_words));
  out += variables_html(study);
  out += html_item("Points", data_text(study, laws));
  out += html_item("Objective", of_each(study, laws, [&](const FittedLaw& law) {
                     return objective_text(study, law);
                   }));
  out += solver_html(study, laws);
  out += html_item("Hold-out", hold_out_text(study, laws));
  out += html_item("Uncertainty", of_each(study, laws, [&](const FittedLaw& law) {
                     return uncertainty_text(study, law);
                   }));
  out += html_item("Points left out", left_out_text(study));
  out += html_item(
      "Checkpoints",
      study.from_csv()
          ? "as the file has them; points of one run are resampled together where the file "
            "names runs"
          : "the budgets of one run are points of one run: they are moved or resampled together");
  return out + html_item("Data", study.digest.digest + ": XXH3-64 of report/points.csv") +
         "</dl>\n";
}

}  // namespace isoloss
