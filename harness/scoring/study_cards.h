// A study's task cards, a user's own and public ones: read and tried before anything is trained,
// then asked of each run at its budgets, while its weights are there.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "harness/data/dataset.h"
#include "harness/scoring/task_suite.h"
#include "model/layers/language_model.h"
#include "model/parallel/communicator.h"
#include "sweeps/run_spec.h"

namespace isoloss {

// The public tasks whose data sets are in the study's file, and the cards of its folders with the
// items beside them, one worked example each. InputError naming file, line and key where a card of
// a folder or its items are wrong, a prompt cannot be made of an item, two folders have a task of
// one name, or no public task is left. Public tasks whose data set is missing or damaged, or whose
// first item cannot be asked (too few items to show one, say), are left out.
TaskSuite study_cards(const EvaluationSpec& evaluation);

// Leaves out, with why, the cards that a model which reads `longest` tokens of this tokenizer
// cannot be asked: every prompt of every item is made as score_cards makes it, and no model is
// asked.
void keep_fitting(TaskSuite& suite, const Tokenizer& tokenizer, std::int64_t longest);

// InputError where the study has cards and its data no tokenizer, or its public tasks were prepared
// for another one.
void check_tokenizer(const EvaluationSpec& evaluation, const Dataset& dataset);

struct CardScores {
  std::vector<TaskScores> scores;     // model, trial, step and flops are the caller's
  std::vector<std::string> left_out;  // why, of each card that could not be scored
};

// Scores the model on every card; the data have a tokenizer. Collective: the `data` ranks, which
// have the same weights, divide the items among them. Throws Stopped (stop_signal.h) where `stop`,
// asked as often on every rank, said yes.
CardScores score_cards(const TaskSuite& cards, const LanguageModel& model, const Dataset& dataset,
                       Communicator& data, const std::function<bool()>& stop);

}  // namespace isoloss
