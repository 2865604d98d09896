#include <algorithm>

#include "results/journal.h"

namespace isoloss {

namespace {

struct Appender {
  RunRecord& record;

  void operator()(const StepMetrics& step) const { record.steps.push_back(step); }
  void operator()(const Evaluation& evaluation) const { record.evaluations.push_back(evaluation); }
  void operator()(const Score& score) const { record.scores.push_back(score); }
  void operator()(const RunEnd& end) const {
    record.state = end.state;
    record.reason = end.reason;
  }
};

// Adds what is new; what the run file holds is never added twice.
struct LaterAppender {
  RunRecord& record;
  std::int64_t journal_step = 0;

  void operator()(const StepMetrics& step) {
    journal_step = std::max(journal_step, step.step);
    if (step.step <= last_step(record)) return;
    record.steps.push_back(step);
    // A finished run that was extended is in training again until its end says otherwise.
    record.state = RunState::Running;
    record.reason.clear();
  }
  void operator()(const Evaluation& evaluation) {
    const bool known =
        std::any_of(record.evaluations.begin(), record.evaluations.end(), [&](const auto& other) {
          return other.step == evaluation.step && other.budget == evaluation.budget &&
                 other.budget_unit == evaluation.budget_unit;
        });
    if (!known) record.evaluations.push_back(evaluation);
  }
  void operator()(const Score& score) {
    const bool known =
        std::any_of(record.scores.begin(), record.scores.end(), [&](const auto& other) {
          return other.step == score.step && other.task == score.task &&
                 other.metric == score.metric;
        });
    if (!known) record.scores.push_back(score);
  }
  void operator()(const RunEnd& end) {
    if (journal_step >= last_step(record)) Appender{record}(end);
  }
};

}  // namespace

void apply_events(RunRecord& record, const std::vector<RunEvent>& events) {
  for (const RunEvent& event : events) std::visit(Appender{record}, event);
}

RunRecord journal_record(const JournalContent& journal) {
  RunRecord record;
  record.header = journal.header;
  apply_events(record, journal.events);
  if (record.state == RunState::Finished) record.state = RunState::Running;
  return record;
}

void add_later_events(RunRecord& record, const std::vector<RunEvent>& events) {
  LaterAppender appender{record};
  for (const RunEvent& event : events) std::visit(appender, event);
  std::stable_sort(record.evaluations.begin(), record.evaluations.end(),
                   [](const Evaluation& a, const Evaluation& b) { return a.step < b.step; });
}

}  // namespace isoloss
