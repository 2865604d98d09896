#include "analysis/report/report_card.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "analysis/plot/html.h"
#include "analysis/plot/number_text.h"
#include "analysis/report/report_card_items.h"
#include "analysis/report/report_rules.h"

namespace isoloss {
namespace {

std::string form_text(const StudyResults& study) {
  if (study.comparisons.empty()) {
    return "Power law, loss = E + a C^-b, along the compute-optimal frontier.";
  }
  for (const Comparison& comparison : study.comparisons) {
    if (!comparison.savings) continue;
    return fmt::format(
        "Savings = compute of the baseline / compute of the candidate at equal loss, by inverse "
        "interpolation between compute-optimal frontiers of one shape for all architectures ({}); "
        "floor: {}.",
        name_of(comparison.savings->frontier), comparison.savings->floor.name);
  }
  return "Savings at equal loss, each on its own compute-optimal frontier; none could be given.";
}

std::string objective_text(const StudyResults& study) {
  const auto said = [](const Fit& fit) {
    return fmt::format("{} of the {} loss{}", name_of(fit.objective),
                       fit.space == FitSpace::Log ? "logarithm of the" : "plain",
                       fit.objective == ObjectiveKind::Huber
                           ? fmt::format(" with delta {}", significant(fit.delta, 3))
                           : "");
  };
  for (const ArchitectureFrontier& own : study.frontiers) {
    if (own.law) return said(*own.law) + "; intervals rest on: " + own.law->uncertainty;
  }
  for (const Comparison& comparison : study.comparisons) {
    if (comparison.savings && comparison.savings->baseline_fit) {
      return said(*comparison.savings->baseline_fit);
    }
  }
  return "least squares of the loss for frontier surfaces; no law was fitted";
}

std::string counts_text(const StudyResults& study) {
  std::set<std::string> sizes;
  std::set<double> budgets;
  for (const Point& point : study.results.points) {
    sizes.insert(point.size);
    budgets.insert(point.budget);
  }
  if (study.from_csv()) {
    return fmt::format("{}, {} of {} counted.",
                       count_text(study.architectures.size(), "architecture"),
                       study.results.points.size(), count_text(study.all.points.size(), "point"));
  }
  return fmt::format("{}, {}, {}, {}; {} counted, {} in all with lost and checked learning rates.",
                     count_text(study.architectures.size(), "architecture"),
                     count_text(sizes.size(), "size"), count_text(budgets.size(), "budget"),
                     count_text(study.all.runs.size(), "run"),
                     count_text(study.results.points.size(), "trial"), study.all.points.size());
}

std::string seed_noise_text(const StudyResults& study) {
  if (!study.seed_noise.measured) return "not measured: no interval is given";
  return fmt::format("standard deviation {} nats of one trial, pooled over {} of replicates",
                     fixed(study.seed_noise.deviation, 4),
                     count_text(static_cast<std::size_t>(study.seed_noise.replicates), "group"));
}

std::string file_items(const StudyResults& study) {
  const PointTable& table = study.all;
  const auto said = [](const std::string& text) { return text.empty() ? "not stated" : text; };
  std::vector<std::string> other = table.other_columns;
  std::erase(other, "weight");  // the laws read it
  return html_item("FLOPs", "as the file gives them; convention: " + said(table.flops_convention)) +
         html_item("Held out", "hash: " + said(table.held_out_hash)) +
         html_item("Tokenizer", "hash: " + said(table.tokenizer_hash)) +
         (other.empty() ? ""
                        : html_item("Columns not used", fmt::format("{}", fmt::join(other, ", "))));
}

constexpr const char* kStudyUnits =
    "Loss in nats per token, by the natural logarithm. FLOPs: `exact`, every multiply-add of "
    "the matrix products and depthwise convolutions, attention as full T x T, times two, "
    "forward and backward (three times forward); no recomputation, evaluation, optimizer or "
    "elementwise work. Fits use FLOPs actually spent; nominal budgets only name groups. "
    "Seconds are of training alone.";
constexpr const char* kFileUnits =
    "Loss in nats per token, by the natural logarithm; total training FLOPs; parameters and tokens "
    "in units, not millions. As the file says: nothing is converted.";

}  // namespace

std::string card_html(const StudyResults& study) {
  std::string sources;
  for (const std::string& source : study.sources) sources += (sources.empty() ? "" : ", ") + source;
  std::string out = "<h2>Study card</h2>\n<dl>\n";
  out += html_item(study.from_csv() ? "File" : "Folder", sources) +
         html_item("Digest of the points",
                   study.digest.digest + ": XXH3-64 of points.csv beside this page") +
         html_item("Form", form_text(study)) + html_item("Objective", objective_text(study)) +
         html_item("Counts", counts_text(study)) +
         html_item("Units", study.from_csv() ? kFileUnits : kStudyUnits);
  std::set<std::int64_t> seeds;
  for (const Point& point : study.all.points) {
    if (point.has_seed) seeds.insert(point.seed);
  }
  out +=
      html_item("Seeds", seeds.empty() ? "not stated" : fmt::format("{}", fmt::join(seeds, ", "))) +
      html_item("Seed noise", seed_noise_text(study));
  out += study.from_csv() ? file_items(study) : training_items(study);
  const auto left = left_out_lines(study);
  out += "<dt>Left out</dt><dd>" + (left.empty() ? "nothing" : list_html(left)) + "</dd>\n";
  out += flags_html(study) + "</dl>\n<h2>Rules of an honest comparison this study breaks</h2>\n";
  const auto broken = broken_rules(study);
  return out + (broken.empty() ? "<p>None of those that are checked.</p>\n" : list_html(broken));
}

}  // namespace isoloss
