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

#include "harness/cli/eval_ranks.h"
#include "harness/cli/eval_request.h"
#include "harness/cli/launcher_option.h"
#include "harness/cli/on_every_rank.h"
#include "harness/cli/score_listing.h"
#include "harness/data/dataset.h"
#include "harness/models/trained_run.h"
#include "harness/oneshot/study_card.h"
#include "harness/ranks/agreed.h"
#include "harness/ranks/self_communicator.h"
#include "harness/ranks/stop_signal.h"
#include "harness/scoring/one_shot.h"
#include "harness/study/study_outcome.h"
#include "model/layers/language_model.h"
#include "model/spec/error.h"
#include "model/spec/nearest_name.h"
#include "model/spec/tell.h"
#include "results/study_folder.h"
#include "results/task_scores_file.h"
#include "sweeps/plan.h"

namespace isoloss {
namespace {

namespace fs = std::filesystem;

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

// The study's runs, one after the other; data are opened once for runs of the same. Everything is
// collective over the ranks, of which the first speaks and stores.
class StudyTasks {
 public:
  StudyTasks(const CommandLine& line, StudyFolder folder, Communicator& ranks)
      : folder_(std::move(folder)),
        plan_(make_plan(read_study(folder_.study_file()))),
        tasks_(named_tasks(line, plan_)),
        ranks_(ranks),
        stop_(stop_on_signals()) {
    if (tasks_.empty())
      throw InputError(folder_.root.string() +
                       ": its evaluate.tasks names none of its own data's tasks (nothing to "
                       "score); name some by --task, or give --data FILE of isoloss data "
                       "prepare-tasks, or --tasks FOLDER");
  }

  // Shows what is stored of the run, and scores and stores the rest.
  void score(const EvalCandidate& candidate, ScoreListing& listing) {
    const TrainedModel trained = on_every_rank(ranks_, [&] { return loaded(candidate); });
    std::vector<std::string> missing;
    for (const std::string& task : tasks_) {
      const auto stored = on_every_rank(
          ranks_, [&] { return leads() ? stored_scores(candidate, trained, task) : std::nullopt; });
      if (!agreed(stored.has_value(), ranks_)) missing.push_back(task);
      if (stored) listing.add(*stored);
    }
    if (missing.empty()) return;
    const auto data = on_every_rank(ranks_, [&] { return &data_of(trained.run); });
    auto scored = score_one_shot(model_of(trained), *data, missing, trained.step, ranks_,
                                 [this] { return agreed(stop_.load(), ranks_); });
    if (!scored) throw Stopped();
    if (!leads()) return;
    for (const std::string& task : missing)
      if (std::ranges::find(scored->rows, task, &TaskScores::task) == scored->rows.end())
        tell(fmt::format("{}: {}: no score (the study's data give it fewer than 16 items)",
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
  bool leads() const { return ranks_.rank() == 0; }

  TrainedModel loaded(const EvalCandidate& candidate) const {
    TrainedModel trained = load_trained_run(candidate.name, [&](const std::string& problem) {
      if (leads()) tell(problem);
    });
    require_step(candidate, trained.step);
    return trained;
  }

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
  Communicator& ranks_;
  const std::atomic<bool>& stop_;
  std::shared_ptr<const Dataset> dataset_;
  std::pair<std::int64_t, std::int64_t> key_;
};

// What public tasks and own cards have and these have not: their items and examples are part of
// what the study's trials were asked.
void check_options(const CommandLine& line) {
  check_out(line);
  refuse_options(
      line, {"limit"},
      "without --data or --tasks (a study's own tasks have 256 items at most, the same "
      "for every trial, so that trials are paired); leave it out, or name fewer tasks by "
      "--task");
  refuse_options(line, {"shots", "seed", "profile"},
                 "without --data or --tasks (how a study's own tasks are asked is the same for "
                 "every trial); leave it out");
}

int score_study(const CommandLine& line, Communicator& ranks) {
  const bool leads = ranks.rank() == 0;
  const StudyFolder folder{line.get<std::string>("DIR")};
  const auto candidates = on_every_rank(ranks, [&] { return finished_runs(folder); });
  const auto tasks =
      on_every_rank(ranks, [&] { return std::make_unique<StudyTasks>(line, folder, ranks); });
  ScoreListing listing(line.has("json"), true);
  if (leads) listing.begin();
  bool failed = false;
  for (const EvalCandidate& candidate : candidates) {
    try {
      tasks->score(candidate, listing);
    } catch (const InputError& error) {
      failed = true;
      if (leads) tell(error.what());
    }
  }
  if (leads) listing.end();
  return failed ? kExitFailed : kExitDone;
}

}  // namespace

int eval_study_tasks(const CommandLine& line, Arguments arguments) {
  check_options(line);
  if (starts_ranks(line)) {
    const StudyFolder folder{line.get<std::string>("DIR")};
    finished_runs(folder);  // for their checks: said once
    SelfCommunicator alone;
    StudyTasks(line, folder, alone);
    return eval_with_ranks(line, arguments);
  }
  return eval_as_rank([&](Communicator& ranks) { return score_study(line, ranks); });
}

}  // namespace isoloss
