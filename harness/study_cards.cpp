#include "harness/study_cards.h"

#include <map>
#include <utility>

#include "harness/model_scorer.h"
#include "harness/shared_scorer.h"
#include "model/spec/error.h"

namespace isoloss {
namespace {

// Takes any prompt, so that what a model cannot change is found without one.
class AnyPrompt final : public Scorer {
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

}  // namespace

TaskSuite study_cards(const EvaluationSpec& evaluation) {
  TaskSuite suite;
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
      result.left_out.emplace_back(error.what());
    }
  }
  return result;
}

}  // namespace isoloss
