#include "analysis/report/report_times.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <tuple>
#include <utility>

#include "analysis/plot/table_of.h"

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
  double ratio() const { return actual / predicted; }
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
  double ratio() const { return peak / predicted; }
};

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

// What a row is of: runs of a kind, or all of a machine.
struct KindOfRuns {
  std::string architecture, size, ranks, machine;
};

template <class Sum>
void kind_columns(TableOf<KindOfRuns, Sum>& table) {
  table.words("architecture", "architecture", &KindOfRuns::architecture);
  table.words("size", "size", &KindOfRuns::size);
  table.cells({"ranks", "ranks"}, [](const KindOfRuns& of) { return text_cell(of.ranks); });
  table.words("machine", "machine", &KindOfRuns::machine);
  table.count("runs", "runs", &Sum::runs);
}

template <class Sum>
void ratio_columns(TableOf<KindOfRuns, Sum>& table, const std::string& heading) {
  table.fixed("ratio", heading, 2, &Sum::ratio);
  table.fixed_ends("ratio", 2,
                   [](const Sum& sum) { return Interval(sum.ratios.least, sum.ratios.most); });
}

// Of each machine a row each of the kinds, then one for all of them.
template <class Sum>
Table rows_of(TableOf<KindOfRuns, Sum>& table, const StudyResults& study,
              const std::map<std::string, MachineSums<Sum>>& machines) {
  for (const auto& [machine, sums] : machines) {
    for (const auto& [kind, sum] : sums.kinds) {
      const auto& [style, parameters, size, ranks] = kind;
      table.add({study.architectures[static_cast<std::size_t>(style - 1)], size,
                 std::to_string(ranks), machine},
                sum);
    }
    table.add({"all", "", "", machine}, sums.all);
  }
  return table.take();
}

}  // namespace

Table training_times_table(const StudyResults& study) {
  TableOf<KindOfRuns, Times> table(
      "training_times",
      "Training time predicted as each run began, and what it took; the ratio's range is "
      "over runs.");
  kind_columns(table);
  table.significant("predicted_seconds", "predicted (s)", 3, &Times::predicted);
  table.significant("seconds", "took (s)", 3, &Times::actual);
  ratio_columns(table, "took / predicted");
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
  return rows_of(table, study, machines);
}

Table makespans_table(const StudyResults& study) {
  TableOf<StudyMakespan> table(
      "makespan",
      "Time of training the whole study: predicted, as it was begun, from the steps of the "
      "schedule alone, and what it took with evaluation, checkpoints and waiting. Of several "
      "starts it is their times together, without those between them, but with what was "
      "trained again after a kill; of one that was killed its last seconds are missing.");
  table.count("ranks", "ranks", &StudyMakespan::ranks);
  table.count("starts", "starts", &StudyMakespan::starts);
  table.significant("predicted_seconds", "predicted (s)", 3, &StudyMakespan::predicted_seconds);
  table.significant_ends("predicted", 3, [](const StudyMakespan& of) {
    return Interval(of.lowest_seconds, of.highest_seconds);
  });
  table.significant("seconds", "took (s)", 3, &StudyMakespan::seconds);
  table.fixed("ratio", "took / predicted", 2,
              [](const StudyMakespan& of) { return *of.seconds / of.predicted_seconds; });
  for (const StudyMakespan& makespan : study.makespans) {
    if (makespan.seconds) table.add(makespan);
  }
  return table.take();
}

Table training_memory_table(const StudyResults& study) {
  TableOf<KindOfRuns, Memory> table(
      "training_memory",
      "Memory of a rank predicted for each run, and the most that its process, or on a GPU its "
      "device, held while it trained that; what larger runs before it left with the process "
      "counts too.");
  kind_columns(table);
  table.fixed("predicted_megabytes", "predicted (MB)", 1,
              [](const Memory& of) { return of.predicted / 1e6; });
  table.fixed("peak_megabytes", "at most (MB)", 1, [](const Memory& of) { return of.peak / 1e6; });
  ratio_columns(table, "held / predicted");
  std::map<std::string, MachineSums<Memory>> machines;
  for (const RunRecord& run : study.all.runs) {
    const RunHeader& header = run.header;
    if (!header.predicted_memory_bytes || !header.peak_memory_bytes) continue;
    machines[header.machine].add(kind_of(study, header), *header.predicted_memory_bytes,
                                 *header.peak_memory_bytes);
  }
  return rows_of(table, study, machines);
}

}  // namespace isoloss
