#include "analysis/report/report_times.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace isoloss {
namespace {

// Runs that are alike: style of the architecture, parameters, size, ranks.
using RunKind = std::tuple<int, double, std::string, std::int64_t>;

RunKind kind_of(const StudyResults& study, const RunHeader& header) {
  return {style_of(study, header.architecture), static_cast<double>(header.parameters_total),
          header.size, header.ranks};
}

// Actual over predicted, of one run after the other.
struct RatioRange {
  double least = std::numeric_limits<double>::infinity(), most = 0;

  void add(double ratio) {
    least = std::min(least, ratio);
    most = std::max(most, ratio);
  }
};

struct Times {
  std::size_t runs = 0;
  double predicted = 0, actual = 0;
  RatioRange ratios;

  void add(double predicted_seconds, double actual_seconds) {
    ++runs;
    predicted += predicted_seconds;
    actual += actual_seconds;
    ratios.add(actual_seconds / predicted_seconds);
  }
};

struct Memory {
  std::size_t runs = 0;
  double predicted = 0, peak = 0;  // the largest
  RatioRange ratios;

  void add(double predicted_bytes, double peak_bytes) {
    ++runs;
    predicted = std::max(predicted, predicted_bytes);
    peak = std::max(peak, peak_bytes);
    ratios.add(peak_bytes / predicted_bytes);
  }
};

std::vector<TableCell> kind_cells(const StudyResults& study, const RunKind& kind) {
  const auto& [style, parameters, size, ranks] = kind;
  return {text_cell(study.architectures[static_cast<std::size_t>(style - 1)]), text_cell(size),
          text_cell(std::to_string(ranks))};
}

std::vector<TableCell> all_cells() { return {text_cell("all"), text_cell(""), text_cell("")}; }

void add_row(Table& table, std::vector<TableCell> row, std::size_t runs, TableCell predicted,
             TableCell actual, double ratio, const RatioRange& ratios) {
  row.insert(row.end(),
             {fixed_cell(static_cast<double>(runs), 0), std::move(predicted), std::move(actual),
              fixed_cell(ratio, 2), fixed_cell(ratios.least, 2), fixed_cell(ratios.most, 2)});
  table.rows.push_back(std::move(row));
}

void add_row(Table& table, std::vector<TableCell> row, const Times& times) {
  add_row(table, std::move(row), times.runs, significant_cell(times.predicted, 3),
          significant_cell(times.actual, 3), times.actual / times.predicted, times.ratios);
}

void add_row(Table& table, std::vector<TableCell> row, const Memory& memory) {
  add_row(table, std::move(row), memory.runs, fixed_cell(memory.predicted / 1e6, 1),
          fixed_cell(memory.peak / 1e6, 1), memory.peak / memory.predicted, memory.ratios);
}

// Runs of one machine: a processor's steps and bytes and a device's are never added up.
template <class Sum>
struct MachineSums {
  std::map<RunKind, Sum> kinds;
  Sum all;

  void add(const RunKind& kind, double predicted, double actual) {
    kinds[kind].add(predicted, actual);
    all.add(predicted, actual);
  }
};

// Of each machine a row each of the kinds, then one for all of them.
template <class Sum>
void add_rows(Table& table, const StudyResults& study,
              const std::map<std::string, MachineSums<Sum>>& machines) {
  for (const auto& [machine, sums] : machines) {
    const auto add = [&, &name = machine](std::vector<TableCell> row, const Sum& sum) {
      row.push_back(text_cell(name));
      add_row(table, std::move(row), sum);
    };
    for (const auto& [kind, sum] : sums.kinds) add(kind_cells(study, kind), sum);
    add(all_cells(), sums.all);
  }
}

}  // namespace

Table training_times_table(const StudyResults& study) {
  Table table{"training_times",
              "Training time predicted as each run began, and what it took; the ratio's range is "
              "over runs.",
              {words_column("architecture", "architecture"), words_column("size", "size"),
               number_column("ranks", "ranks"), words_column("machine", "machine"),
               number_column("runs", "runs"), number_column("predicted_seconds", "predicted (s)"),
               number_column("seconds", "took (s)"), number_column("ratio", "took / predicted"),
               number_column("ratio_low", "from"), number_column("ratio_high", "to")},
              {}};
  std::map<std::string, MachineSums<Times>> machines;
  for (const RunRecord& run : study.all.runs) {
    if (!run.header.predicted_step_seconds || run.steps.size() < 2) continue;
    const StepMetrics &first = run.steps.front(), &last = run.steps.back();
    const auto between = static_cast<double>(last.step - first.step);
    // A branch's clock goes on from its trunk's, so that the first of its own steps is unknown.
    const double actual = (last.seconds - first.seconds) / between * (between + 1);
    const double predicted = *run.header.predicted_step_seconds * (between + 1);
    if (!(predicted > 0 && actual > 0)) continue;
    machines[run.header.machine].add(kind_of(study, run.header), predicted, actual);
  }
  add_rows(table, study, machines);
  return table;
}

Table makespans_table(const StudyResults& study) {
  Table table{
      "makespan",
      "Time of training the whole study: predicted, as it was begun, from the steps of the "
      "schedule alone, and what it took with evaluation, checkpoints and waiting. Of several "
      "starts it is their times together, without those between them, but with what was "
      "trained again after a kill; of one that was killed its last seconds are missing.",
      {number_column("ranks", "ranks"), number_column("starts", "starts"),
       number_column("predicted_seconds", "predicted (s)"), number_column("predicted_low", "from"),
       number_column("predicted_high", "to"), number_column("seconds", "took (s)"),
       number_column("ratio", "took / predicted")},
      {}};
  for (const StudyMakespan& makespan : study.makespans) {
    if (!makespan.seconds) continue;
    table.rows.push_back({fixed_cell(static_cast<double>(makespan.ranks), 0),
                          fixed_cell(static_cast<double>(makespan.starts), 0),
                          significant_cell(makespan.predicted_seconds, 3),
                          significant_cell(makespan.lowest_seconds, 3),
                          significant_cell(makespan.highest_seconds, 3),
                          significant_cell(*makespan.seconds, 3),
                          fixed_cell(*makespan.seconds / makespan.predicted_seconds, 2)});
  }
  return table;
}

Table training_memory_table(const StudyResults& study) {
  Table table{
      "training_memory",
      "Memory of a rank predicted for each run, and the most that its process, or on a GPU its "
      "device, held while it trained that; what larger runs before it left with the process "
      "counts too.",
      {words_column("architecture", "architecture"), words_column("size", "size"),
       number_column("ranks", "ranks"), words_column("machine", "machine"),
       number_column("runs", "runs"), number_column("predicted_megabytes", "predicted (MB)"),
       number_column("peak_megabytes", "at most (MB)"), number_column("ratio", "held / predicted"),
       number_column("ratio_low", "from"), number_column("ratio_high", "to")},
      {}};
  std::map<std::string, MachineSums<Memory>> machines;
  for (const RunRecord& run : study.all.runs) {
    const RunHeader& header = run.header;
    if (!header.predicted_memory_bytes || !header.peak_memory_bytes) continue;
    machines[header.machine].add(kind_of(study, header), *header.predicted_memory_bytes,
                                 *header.peak_memory_bytes);
  }
  add_rows(table, study, machines);
  return table;
}

}  // namespace isoloss
