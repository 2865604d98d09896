#include "harness/cli/score_models.h"

#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <optional>
#include <string>

#include "harness/cli/on_every_rank.h"
#include "harness/models/named_model.h"
#include "harness/oneshot/shots.h"
#include "harness/ranks/agreed.h"
#include "harness/scoring/model_scorer.h"
#include "harness/scoring/shared_scorer.h"
#include "model/spec/error.h"
#include "results/task_scores_file.h"

namespace isoloss {
namespace {

namespace fs = std::filesystem;

// Whether they are of the model as it is now. What training stored of a run knows no weights: the
// run and the step say which they were.
bool of_same_model(const TaskScores& there, const TaskScores& model, const NamedModel& named) {
  if (there.step != model.step) return false;
  if (there.weights.empty()) return !named.run.empty() && there.model == model.model;
  return there.weights == model.weights;
}

// Whether they answer what is asked: the same card, data and options, of as many items or more.
bool of_same_questions(const TaskScores& there, const SuiteTask& task, const TaskScores& model,
                       const EvaluationOptions& options) {
  return there.card_digest == task.card.digest && there.data_digest == task.data.digest &&
         there.shots == options.shots &&
         there.suite_seed == static_cast<std::int64_t>(options.suite_seed) &&
         there.tokenizer == model.tokenizer &&
         std::ssize(there.items) >= asked_count(task.card, task.data.items);
}

// A model and the scores of it that are there.
class ModelToScore {
 public:
  ModelToScore(const EvalScoring& scoring, const NamedModel& named, const EvalCandidate& candidate)
      : scoring_(scoring), named_(named), in_study_(!candidate.trial.empty()) {
    model_.model = named.run.empty() ? candidate.name : named.run;
    model_.trial = candidate.trial;
    model_.step = named.step;
    model_.flops = candidate.flops;
    model_.tokenizer = named.identity.name;
    model_.weights = named.weights;
  }

  // InputError where a file that scores would be written to holds those of another model.
  void check_places() {
    if (in_study_) return;
    for (const SuiteTask& task : scoring_.suite.tasks) {
      const fs::path path = place_of(task);
      const std::optional<TaskScores> there = readable(path);
      if (!there || there->model == model_.model || of_same_model(*there, model_, named_)) continue;
      throw InputError(fmt::format(
          "{} holds the scores of {} (those of {} would take their place); name another folder by "
          "--out, or remove it",
          path.string(), there->model, model_.model));
    }
  }

  // What was scored before by the same card, data and options.
  std::optional<TaskScores> stored(const SuiteTask& task) {
    const fs::path path = place_of(task);
    if (path.empty() || !fs::exists(path)) return std::nullopt;
    TaskScores there = read_task_scores(path);
    if (!of_same_questions(there, task, model_, scoring_.options)) return std::nullopt;
    if (!of_same_model(there, model_, named_)) {
      tell(fmt::format(
          "{}: scored again (what is stored is of other weights than {} has, or does not say)",
          path.string(), model_.model));
      return std::nullopt;
    }
    there.model = model_.model;
    return there;
  }

  TaskScores score(const SuiteTask& task, Scorer& scorer) {
    TaskScores scores = score_task(task, scorer, model_, scoring_.options);
    const fs::path path = place_of(task);
    if (scoring_.leads() && !path.empty()) write_task_scores(path, scores);
    return scores;
  }

 private:
  fs::path place_of(const SuiteTask& task) {
    model_.task = task.card.task;
    model_.profile = task.card.profile;
    return scoring_.place(model_);
  }

  // What is damaged costs its task alone, which says so.
  static std::optional<TaskScores> readable(const fs::path& path) {
    if (path.empty() || !fs::exists(path)) return std::nullopt;
    try {
      return read_task_scores(path);
    } catch (const InputError&) {
      return std::nullopt;
    }
  }

  const EvalScoring& scoring_;
  const NamedModel& named_;
  bool in_study_;
  TaskScores model_;  // what scores are labelled with
};

int score_model(const EvalScoring& scoring, const NamedModel& named,
                const EvalCandidate& candidate) {
  ModelToScore model(scoring, named, candidate);
  on_every_rank(scoring.ranks, [&] {
    if (scoring.leads()) model.check_places();
    return true;
  });
  ModelScorer own(named.model, *named.tokenizer, named.first);
  SharedScorer scorer(own, scoring.ranks, scoring.stop);
  int failed = 0;
  for (const SuiteTask& task : scoring.suite.tasks) {
    try {
      const std::optional<TaskScores> stored = on_every_rank(
          scoring.ranks, [&] { return scoring.leads() ? model.stored(task) : std::nullopt; });
      if (!agreed(!stored, scoring.ranks)) {
        if (stored) scoring.show(*stored);
        continue;
      }
      const TaskScores scores = model.score(task, scorer);
      if (scoring.leads()) scoring.show(scores);
    } catch (const InputError& error) {
      ++failed;
      if (scoring.leads()) tell(error.what());
    }
  }
  return failed;
}

}  // namespace

int score_candidate(const EvalScoring& scoring, const EvalCandidate& candidate,
                    const std::optional<TaskDataFile>& data) {
  const NamedModel named = on_every_rank(scoring.ranks, [&] {
    NamedModel loaded = load_named_model(candidate.name, [&](const std::string& problem) {
      if (scoring.leads()) tell(problem);
    });
    require_step(candidate, loaded.step);
    if (data) data->require_tokenizer(loaded.identity.hash, candidate.name);
    return loaded;
  });
  return score_model(scoring, named, candidate);
}

}  // namespace isoloss
