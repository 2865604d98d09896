#include "harness/cli/score_models.h"

#include <cstdio>
#include <filesystem>
#include <string>
#include <utility>

#include "harness/cli/on_every_rank.h"
#include "harness/models/named_model.h"
#include "harness/ranks/agreed.h"
#include "harness/scoring/model_scorer.h"
#include "harness/scoring/shared_scorer.h"
#include "model/spec/error.h"
#include "model/spec/tell.h"
#include "results/task_scores_file.h"

namespace isoloss {
namespace {

namespace fs = std::filesystem;

// What was scored before by the same card, data and options.
std::optional<TaskScores> stored_scores(const fs::path& path, const SuiteTask& task,
                                        const TaskScores& model, const EvaluationOptions& options) {
  if (path.empty() || !fs::exists(path)) return std::nullopt;
  TaskScores there = read_task_scores(path);
  const bool same = there.card_digest == task.card.digest && there.model == model.model &&
                    there.data_digest == task.data.digest && there.shots == options.shots &&
                    there.suite_seed == static_cast<std::int64_t>(options.suite_seed) &&
                    there.tokenizer == model.tokenizer &&
                    there.items.size() >= task.data.items.size();
  if (!same) return std::nullopt;
  return there;
}

int score_model(const EvalScoring& scoring, const NamedModel& named,
                const EvalCandidate& candidate) {
  TaskScores model;
  model.model = named.run.empty() ? candidate.name : named.run;
  model.trial = candidate.trial;
  model.step = named.step;
  model.flops = candidate.flops;
  model.tokenizer = named.identity.name;
  ModelScorer own(named.model, *named.tokenizer, named.first);
  SharedScorer scorer(own, scoring.ranks, scoring.stop);
  int failed = 0;
  for (const SuiteTask& task : scoring.suite.tasks) {
    try {
      model.task = task.card.task;
      model.profile = task.card.profile;
      const fs::path path = scoring.place(model);
      std::optional<TaskScores> scores = on_every_rank(scoring.ranks, [&] {
        return scoring.leads() ? stored_scores(path, task, model, scoring.options) : std::nullopt;
      });
      if (!agreed(!scores, scoring.ranks)) {
        if (scores) scoring.show(*scores);
        continue;
      }
      scores = score_task(task, scorer, model, scoring.options);
      if (!scoring.leads()) continue;
      if (!path.empty()) write_task_scores(path, *scores);
      scoring.show(*scores);
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
