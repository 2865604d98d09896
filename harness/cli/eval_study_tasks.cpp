#include "harness/cli/eval_study_tasks.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "harness/cli/eval_request.h"
#include "harness/cli/score_listing.h"
#include "harness/dataset.h"
#include "harness/one_shot.h"
#include "harness/oneshot/study_card.h"
#include "harness/stop_signal.h"
#include "harness/study_outcome.h"
#include "harness/trained_run.h"
#include "model/layers/language_model.h"
#include "model/spec/error.h"
#include "model/spec/nearest_name.h"
#include "results/study_folder.h"
#include "results/task_scores_file.h"
#include "sweeps/plan.h"

namespace isoloss {
namespace {

namespace fs = std::filesystem;

void complain(const std::string& problem) { fmt::print(stderr, "isoloss: {}\n", problem); }

std::vector<std::string> named_tasks(const CommandLine& line, const StudyPlan& plan) {
  if (!line.has("task")) return plan.runs.front().spec.evaluation.tasks;
  auto names = line.get<std::vector<std::string>>("task");
  const std::vector<std::string> known = one_shot_task_names();
  for (const std::string& name : names)
    if (std::ranges::find(known, name) == known.end())
      throw InputError("--task: '" + name + "' is none that a study makes of its own data" +
                       suggestion(name, known));
  return names;
}

LanguageModel model_of(const TrainedModel& trained) {
  LanguageModel model(trained.spec, 0);
  std::ranges::copy(trained.weights, model.weights32().begin());
  return model;
}

// The study's runs, one after the other; data are opened once for runs of the same.
class StudyTasks {
 public:
  StudyTasks(const CommandLine& line, StudyFolder folder)
      : folder_(std::move(folder)),
        plan_(make_plan(read_study(folder_.study_file()))),
        tasks_(named_tasks(line, plan_)),
        stop_(stop_on_signals()) {
    if (tasks_.empty())
      throw InputError(folder_.root.string() +
                       ": its evaluate.tasks names none of its own data's tasks (nothing to "
                       "score); name some by --task, or give --data FILE of isoloss data "
                       "prepare-tasks, or --tasks FOLDER");
  }

  void score(const EvalCandidate& candidate, ScoreListing& listing) {
    const TrainedModel trained = load_trained_run(candidate.name, complain);
    if (trained.step != candidate.step)
      throw InputError(fmt::format(
          "{}: its newest whole checkpoint is of step {} (the trial ends at {}); run the study "
          "again to mend it",
          candidate.name, trained.step, candidate.step));
    std::vector<std::string> missing;
    for (const std::string& task : tasks_) {
      if (const auto stored = stored_scores(candidate, trained, task))
        listing.add(*stored);
      else
        missing.push_back(task);
    }
    if (missing.empty()) return;
    auto scored = score_one_shot(model_of(trained), data_of(trained.run), missing, trained.step,
                                 [this] { return stop_.load(); });
    if (!scored) throw Stopped();
    for (const std::string& task : missing)
      if (std::ranges::find(scored->rows, task, &TaskScores::task) == scored->rows.end())
        complain(fmt::format("{}: {}: no score (the study's data give it fewer than 16 items)",
                             candidate.name, task));
    for (TaskScores& scores : scored->rows) {
      scores.model = trained.run;
      scores.trial = candidate.trial;
      scores.flops = candidate.flops;
      write_task_scores(task_scores_path(folder_, scores), scores);
      listing.add(scores);
    }
  }

 private:
  // The items are a function of the run's data, so the rule alone can be another.
  std::optional<TaskScores> stored_scores(const EvalCandidate& candidate,
                                          const TrainedModel& trained,
                                          const std::string& task) const {
    TaskScores wanted;
    wanted.trial = candidate.trial;
    wanted.profile = kStudyProfile;
    wanted.task = task;
    wanted.step = trained.step;
    const fs::path path = task_scores_path(folder_, wanted);
    if (!fs::exists(path)) return std::nullopt;
    TaskScores there = read_task_scores(path);
    if (there.model != trained.run || there.card_digest != study_card(task, 0).digest)
      return std::nullopt;
    return there;
  }

  const Dataset& data_of(const std::string& run) {
    const auto planned = std::ranges::find(plan_.runs, run, &PlannedRun::id);
    if (planned == plan_.runs.end())
      throw InputError(fmt::format(
          "run {} is not of the study file (what it was trained on is not known); merge or move it "
          "to the study it is of",
          run));
    const RunSpec& spec = planned->spec;
    const std::pair key(spec.model.sequence, spec.evaluation.tokens);
    if (!dataset_ || key != key_)
      dataset_ =
          open_dataset(spec.data, spec.model.sequence, spec.evaluation.tokens, folder_.data());
    key_ = key;
    return *dataset_;
  }

  StudyFolder folder_;
  StudyPlan plan_;
  std::vector<std::string> tasks_;
  const std::atomic<bool>& stop_;
  std::shared_ptr<const Dataset> dataset_;
  std::pair<std::int64_t, std::int64_t> key_;
};

}  // namespace

int eval_study_tasks(const CommandLine& line) {
  for (const char* other : {"ranks", "limit", "out"})
    if (line.has(other))
      throw InputError(fmt::format(
          "--{} is given without --data or --tasks (it is for those tasks); leave it out", other));
  const StudyFolder folder{line.get<std::string>("DIR")};
  const std::vector<EvalCandidate> candidates = finished_runs(folder);
  StudyTasks tasks(line, folder);
  ScoreListing listing(line.has("json"), true);
  listing.begin();
  bool failed = false;
  for (const EvalCandidate& candidate : candidates) {
    try {
      tasks.score(candidate, listing);
    } catch (const InputError& error) {
      failed = true;
      complain(error.what());
    } catch (const Stopped&) {
      complain("stopped; run it again to score the rest");
      return kExitStopped;
    }
  }
  listing.end();
  return failed ? kExitFailed : kExitDone;
}

}  // namespace isoloss
