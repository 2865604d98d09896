#include "analysis/report_fit_card.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <limits>

#include "analysis/report_number.h"

namespace isoloss {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

const Fit* any_fit(const StudyResults& study) {
  for (const ArchitectureLaw& law : study.laws) {
    if (law.fit) return &*law.fit;
  }
  return nullptr;
}

std::string item(const char* term, const std::string& text) {
  return fmt::format("<dt>{}</dt><dd>{}</dd>\n", term, html_escape(text));
}

std::string objective_text(const Fit& fit) {
  return fmt::format(
      "sum over points of {}{} of {}; every point counts once", name_of(fit.objective),
      fit.objective == ObjectiveKind::Huber ? fmt::format(" (delta {})", significant(fit.delta, 3))
                                            : "",
      fit.space == FitSpace::Log ? "ln(predicted) - ln(loss)" : "predicted - loss");
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
    if (study.laws[i].hold_out.empty()) continue;
    const HoldOut& last = study.laws[i].hold_out.back();
    out += fmt::format("{}{}: up to {} FLOPs fitted, {} later predicted to {} %",
                       out.empty() ? "" : "; ", study.architectures[i],
                       significant(last.largest_flops, 3), count_text(last.predicted, "trial"),
                       fixed(100 * last.error, 2));
  }
  if (out.empty()) return "none: no compute leaves enough trials below and any above";
  return "leave future out, every cut in hold_out_error.csv; the last: " + out;
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
    for (const ChinchillaLaw& drawn : law.drawn()) {
      exponents.push_back(drawn.beta / (drawn.alpha + drawn.beta));
    }
    row("size exponent", law.law.beta / (law.law.alpha + law.law.beta),
        percentile_interval(exponents, 0.95).value_or(Interval{kNone, kNone}));
  }
  return table;
}

Table law_fits_table(const StudyResults& study) {
  Table table{"law_fits",
              "What the optimiser says of each fit. Gradient: scale-free, the root of the relative "
              "decrease that one more Newton step would promise, times two. Condition: of the "
              "curvature at the optimum.",
              {words_column("architecture", "architecture"), number_column("points", "points"),
               number_column("objective", "objective (sum)"), number_column("gradient", "gradient"),
               number_column("condition", "condition"), number_column("starts", "starts refined"),
               number_column("starts_agreeing", "agree"), number_column("resamples", "resamples"),
               number_column("failed_resamples", "failed"),
               sentence_column("flags", "flags of the fit, or why there is none")},
              {}};
  for (std::size_t i = 0; i < study.laws.size(); ++i) {
    const ArchitectureLaw& law = study.laws[i];
    if (!law.fit) {
      table.rows.push_back({text_cell(study.architectures[i]),
                            fixed_cell(static_cast<double>(law.points.size()), 0),
                            {},
                            {},
                            {},
                            {},
                            {},
                            {},
                            {},
                            text_cell(law.refusal)});
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

std::string fit_card_html(const StudyResults& study) {
  const Fit* fit = any_fit(study);
  if (!fit) return "";
  const std::size_t left_out = study.all.points.size() - study.results.points.size();
  const bool columns = study.from_csv();
  std::string out = "<dl>\n";
  out += item("Form",
              "E + A N^-alpha + B D^-beta, a law for each architecture (Hoffmann et al. 2022, "
              "equation 2, approach 3)");
  out +=
      item("N", columns ? "the file's column parameters, in units; whether embeddings count is the "
                          "file's to say"
                        : "all parameters, embeddings included");
  out +=
      item("D", columns ? "the file's column tokens" : "tokens trained on, repeats counted again");
  out += item("C", compute_text(study));
  out += item("Loss", columns ? "the file's column loss, nats per token"
                              : "held-out, nats per token, on documents never trained on");
  out += item("Objective", objective_text(*fit));
  out += item("Bounds", "exponents between 0.005 and 3; E, A and B not negative; E free");
  out +=
      item("Optimiser",
           "global search of a grid over the exponents with E, A, B solved by nonnegative least "
           "squares (variable projection), then Newton's method with exact curvature from the best "
           "local minima; stops on a scale-free criterion");
  out +=
      item("Starts", fmt::format("{} refined of the grid, chosen by the objective; how many agreed "
                                 "stands in the table above",
                                 fit->starts));
  out += item("Hold-out", hold_out_text(study));
  out += item("Uncertainty", fmt::format("{}, at 95 %; {} resamples or draws, seed {}",
                                         fit->uncertainty, fit->resamples, fit->seed));
  out +=
      item("Points left out",
           left_out == 0 ? "none"
                         : fmt::format("{} that lost or checked a learning-rate search", left_out));
  out += item(
      "Checkpoints",
      columns
          ? "as the file has them; points of one run are resampled together where the file "
            "names runs"
          : "the budgets of one run are points of one run: they are moved or resampled together");
  return out + item("Data", study.digest.digest + ": XXH3-64 of report/points.csv") + "</dl>\n";
}

}  // namespace isoloss
