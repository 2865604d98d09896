#include "harness/scoring/study_cards.h"

#include <fmt/format.h>

#include <cstdint>
#include <map>
#include <utility>

#include "harness/oneshot/datasets/task_data_file.h"
#include "harness/scoring/model_scorer.h"
#include "harness/scoring/shared_scorer.h"
#include "model/spec/error.h"

namespace isoloss {
namespace {

// Takes any prompt, so that what a model cannot change is found without one.
class AnyPrompt : public Scorer {
 public:
  std::int64_t longest() const override { return std::int64_t{1} << 40; }
  std::vector<std::int32_t> encode(const std::string& text) const override {
    return {text.begin(), text.end()};
  }
  std::vector<ContinuationScore> score(std::span<const ScoreRequest> requests) override {
    return std::vector<ContinuationScore>(requests.size());
  }
  std::vector<Generation> generate(std::span<const GenerationRequest> requests) override {
    return std::vector<Generation>(requests.size());
  }
};

// The same in a model's tokens, as many as it reads.
class FittingPrompt final : public AnyPrompt {
 public:
  FittingPrompt(const Tokenizer& tokenizer, std::int64_t longest)
      : tokenizer_(tokenizer), longest_(longest) {}

  std::int64_t longest() const override { return longest_; }
  std::vector<std::int32_t> encode(const std::string& text) const override {
    return tokenizer_.encode(text);
  }

 private:
  const Tokenizer& tokenizer_;
  std::int64_t longest_;
};

// What the scorer refuses names no task.
std::string with_task(const SuiteTask& task, const InputError& error) {
  const std::string why = error.what();
  return why.starts_with(task.card.file) ? why
                                         : task.card.file + ": task " + task.card.task + ": " + why;
}

// The first item alone: `data prepare-tasks` made the others of the same form, and they may be
// many.
void try_one_item(const SuiteTask& task, const EvaluationOptions& options) {
  SuiteTask one{task.card, {task.data.digest, {}, task.data.shown}};
  if (!task.data.items.empty()) one.data.items.push_back(task.data.items.front());
  AnyPrompt scorer;
  score_task(one, scorer, {}, options);
}

TaskSuite public_tasks(const EvaluationSpec& evaluation) {
  const EvaluationOptions options;
  const TaskDataFile file(evaluation.task_data);
  TaskSuite suite = public_suite(built_in_cards(evaluation.profile), file);
  leave_out_absent(suite);
  std::erase_if(suite.tasks, [&](const SuiteTask& task) {
    try {
      try_one_item(task, options);
      return false;
    } catch (const InputError& error) {
      suite.left_out.emplace_back(error.what());
      return true;
    }
  });
  if (suite.tasks.empty())
    throw InputError("evaluate.task_data: " + evaluation.task_data +
                     ": no task is left to score (the first: " + suite.left_out.at(0) +
                     "); mend it, or prepare the data sets that they need");
  if (evaluation.limit > 0) keep_some(suite, evaluation.limit, options.suite_seed);
  return suite;
}

}  // namespace

TaskSuite study_cards(const EvaluationSpec& evaluation) {
  TaskSuite suite = evaluation.task_data.empty() ? TaskSuite() : public_tasks(evaluation);
  std::map<std::string, std::string> files;  // by task
  for (const std::string& folder : evaluation.card_folders)
    for (TaskCard& card : cards_in(folder)) {
      const auto [other, fresh] = files.emplace(card.task, card.file);
      if (!fresh)
        throw InputError(card.file + ": a second task of that name (the first is " + other->second +
                         "); rename one of the files");
      const EvaluationOptions options;
      SuiteTask& task = suite.tasks.emplace_back(own_task(std::move(card), options.shots));
      AnyPrompt scorer;
      score_task(task, scorer, {}, options);  // for its checks
    }
  return suite;
}

void check_tokenizer(const EvaluationSpec& evaluation, const Dataset& dataset) {
  if (!has_cards(evaluation)) return;
  const bool are_public = evaluation.card_folders.empty();
  if (dataset.tokenizer() == nullptr)
    throw InputError(fmt::format(
        "{}, {} (the data are {}, and no tokenizer makes them of text); remove it",
        are_public ? "evaluate.task_data names public tasks" : "evaluate.tasks names task cards",
        are_public ? evaluation.task_data : evaluation.card_folders.front(),
        dataset.tokenizer_name()));
  if (evaluation.task_data.empty()) return;
  const std::uint64_t hash = std::stoull(dataset.tokenizer_hash(), nullptr, 16);
  TaskDataFile(evaluation.task_data).require_tokenizer(hash, "the study");
}

void keep_fitting(TaskSuite& suite, const Tokenizer& tokenizer, std::int64_t longest) {
  FittingPrompt scorer(tokenizer, longest);
  std::erase_if(suite.tasks, [&](const SuiteTask& task) {
    try {
      score_task(task, scorer, {}, {});
      return false;
    } catch (const InputError& error) {
      suite.left_out.push_back(with_task(task, error));
      return true;
    }
  });
}

CardScores score_cards(const TaskSuite& cards, const LanguageModel& model, const Dataset& dataset,
                       Communicator& data, const std::function<bool()>& stop) {
  CardScores result;
  // What training reads first (LanguageModel::loss_and_gradients).
  ModelScorer own(model, *dataset.tokenizer(), {.id = 0, .always = true});
  SharedScorer scorer(own, data, stop);
  TaskScores labels;
  labels.tokenizer = dataset.tokenizer_name();
  for (const SuiteTask& task : cards.tasks) {
    try {
      result.scores.push_back(score_task(task, scorer, labels, {}));
    } catch (const InputError& error) {
      result.left_out.push_back(with_task(task, error));
    }
  }
  return result;
}

}  // namespace isoloss
