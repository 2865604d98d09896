#include "analysis/report_times.h"

#include <algorithm>
#include <limits>
#include <map>
#include <string>
#include <tuple>

namespace isoloss {
namespace {

struct Times {
  std::size_t runs = 0;
  double predicted = 0, actual = 0;
  double least = std::numeric_limits<double>::infinity(), most = 0;  // actual / predicted of a run

  void add(double predicted_seconds, double actual_seconds) {
    ++runs;
    predicted += predicted_seconds;
    actual += actual_seconds;
    least = std::min(least, actual_seconds / predicted_seconds);
    most = std::max(most, actual_seconds / predicted_seconds);
  }
};

void add_row(Table& table, const std::string& architecture, const std::string& size,
             const std::string& ranks, const Times& times) {
  table.rows.push_back({text_cell(architecture), text_cell(size), text_cell(ranks),
                        fixed_cell(static_cast<double>(times.runs), 0),
                        significant_cell(times.predicted, 3), significant_cell(times.actual, 3),
                        fixed_cell(times.actual / times.predicted, 2), fixed_cell(times.least, 2),
                        fixed_cell(times.most, 2)});
}

}  // namespace

Table training_times_table(const StudyResults& study) {
  Table table{"training_times",
              "Training time predicted as each run began, and what it took; the ratio's range is "
              "over runs.",
              {words_column("architecture", "architecture"), words_column("size", "size"),
               number_column("ranks", "ranks"), number_column("runs", "runs"),
               number_column("predicted_seconds", "predicted (s)"),
               number_column("seconds", "took (s)"), number_column("ratio", "took / predicted"),
               number_column("ratio_low", "from"), number_column("ratio_high", "to")},
              {}};
  std::map<std::tuple<int, double, std::string, std::int64_t>, Times> kinds;
  Times all;
  for (const RunRecord& run : study.all.runs) {
    if (!run.header.predicted_step_seconds || run.steps.size() < 2) continue;
    const StepMetrics &first = run.steps.front(), &last = run.steps.back();
    const auto between = static_cast<double>(last.step - first.step);
    // A branch's clock goes on from its trunk's, so that the first of its own steps is unknown.
    const double actual = (last.seconds - first.seconds) / between * (between + 1);
    const double predicted = *run.header.predicted_step_seconds * (between + 1);
    if (!(predicted > 0 && actual > 0)) continue;
    kinds[{style_of(study, run.header.architecture),
           static_cast<double>(run.header.parameters_total), run.header.size, run.header.ranks}]
        .add(predicted, actual);
    all.add(predicted, actual);
  }
  for (const auto& [kind, times] : kinds) {
    const auto& [style, parameters, size, ranks] = kind;
    add_row(table, study.architectures[static_cast<std::size_t>(style - 1)], size,
            std::to_string(ranks), times);
  }
  if (all.runs > 0) add_row(table, "all", "", "", all);
  return table;
}

}  // namespace isoloss
