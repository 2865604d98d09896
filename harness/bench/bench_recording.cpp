#include "harness/bench/bench_recording.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <memory>
#include <variant>
#include <vector>

#include "harness/data/dataset.h"
#include "harness/ranks/machine.h"
#include "harness/study/claim.h"
#include "harness/study/rank_reporter.h"
#include "harness/study/run_header.h"
#include "harness/study/run_recorder.h"
#include "harness/training/host_training_state.h"
#include "harness/training/trainer.h"
#include "model/layers/language_model.h"
#include "model/spec/parameters.h"
#include "results/journal.h"

namespace isoloss {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// Of one event, of as many as training tells between two writes.
double journal_seconds(const std::filesystem::path& path, const RunHeader& header,
                       double step_seconds) {
  constexpr int kTimes = 5;
  constexpr double kMostEvents = 1e5;
  const auto events = static_cast<std::int64_t>(std::clamp(5 / step_seconds, 1.0, kMostEvents));
  JournalWriter journal(path, header, 0);
  std::vector<double> times;
  std::int64_t step = 0;
  for (int time = 0; time < kTimes; ++time) {
    const auto start = Clock::now();
    for (std::int64_t i = 0; i < events; ++i)
      journal.append(StepMetrics{++step, 3.5 / static_cast<double>(step), 0.01, 1.25, 0.5});
    journal.flush();
    times.push_back(seconds_since(start) / static_cast<double>(events));
  }
  std::ranges::sort(times);
  return times[kTimes / 2];
}

// Listens in place of the executor, and times what that costs.
class TimedRecorder {
 public:
  TimedRecorder(RunRecorder& recorder, RankReporter& reporter, const PlannedRun& run,
                RecordingCost& cost)
      : recorder_(recorder), reporter_(reporter), run_(run), cost_(cost) {}

  void hear(const TrainingEvent& event) {
    const auto start = Clock::now();
    recorder_.record(event);
    if (const auto* metrics = std::get_if<StepMetrics>(&event)) {
      reporter_.step(metrics->step, metrics->loss,
                     static_cast<double>(run_.spec.optimizer.batch_tokens), run_.flops_per_step);
      cost_.metrics_seconds += seconds_since(start);
      cost_.step_seconds = metrics->seconds;
      ++cost_.steps;
    } else if (std::holds_alternative<CheckpointDue>(event)) {
      answered_ = seconds_since(start);
    } else if (std::holds_alternative<CheckpointHere>(event)) {
      cost_.pause_seconds = std::max(cost_.pause_seconds, answered_ + seconds_since(start));
      const auto copied = Clock::now();
      recorder_.settle();
      cost_.written_seconds = std::max(cost_.written_seconds, seconds_since(copied));
      ++cost_.checkpoints;
    }
  }

 private:
  RunRecorder& recorder_;
  RankReporter& reporter_;
  const PlannedRun& run_;
  RecordingCost& cost_;
  double answered_ = 0;
};

}  // namespace

RecordingCost measure_recording(const RunSpec& spec, const std::filesystem::path& folder,
                                double seconds) {
  const StudyFolder study{folder};
  PlannedRun run;
  run.id = run_id(spec);
  run.spec = spec;
  run.flops_per_step = flops_per_step(spec);
  const auto dataset =
      open_dataset(spec.data, spec.model.sequence, spec.evaluation.tokens, study.data());
  set_intra_op_threads(static_cast<int>(spec.threads));
  const auto claim = Claim::take(study.claim(run.id), 0);
  HostTrainingState state(spec);
  RunRestart restart;
  restart.checkpoints = study.run(run.id);
  const RunHeader header =
      run_header("bench", run, *dataset, {}, {machine_name(), device_rate("cpu", spec.dtype)});
  RecordingCost cost;
  {
    StallWatch watch({}, [](const std::string&) {});  // as in `run`, where nothing hangs
    RunRecorder recorder(study, header, std::move(restart), state, *claim, watch);
    std::filesystem::create_directories(study.ranks());
    RankReporter reporter(study, 0);
    TimedRecorder timed(recorder, reporter, run, cost);
    const TrainingSegment segment{
        std::numeric_limits<std::int64_t>::max() / spec.optimizer.batch_tokens,
        {},
        std::chrono::milliseconds(std::llround(100 * seconds))};
    const auto start = Clock::now();
    train(
        state, spec, *dataset, segment, [&](const TrainingEvent& event) { timed.hear(event); },
        [&] { return seconds_since(start) > seconds; });
  }
  cost.parameters = count_parameters(spec.model).total;
  const auto steps = static_cast<double>(cost.steps);
  cost.step_seconds /= steps;
  cost.metrics_seconds /= steps;
  cost.journal_seconds = journal_seconds(study.root / "journal", header, cost.step_seconds);
  const auto saved = state.part();
  for (const auto& tensor : saved.tensors)
    cost.checkpoint_bytes += static_cast<double>(tensor.size());
  return cost;
}

}  // namespace isoloss
