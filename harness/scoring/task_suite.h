// One-shot tasks with their items, as `eval` scores them.
#pragma once
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "harness/oneshot/evaluate_task.h"
#include "harness/oneshot/scorer.h"
#include "harness/oneshot/task_card.h"
#include "results/task_scores.h"

namespace isoloss {

class TaskDataFile;

struct SuiteTask {
  TaskCard card;
  EvaluationItems data;
};

struct TaskSuite {
  std::vector<SuiteTask> tasks;       // in the order of the cards
  std::vector<std::string> left_out;  // "TASK or FILE: why; what to do"
  std::vector<TaskCard> absent;       // whose data set a task data file does not hold
};

// The cards whose data set is in the file; those whose part of the file is damaged are left out.
TaskSuite public_suite(std::vector<TaskCard> cards, const TaskDataFile& data);
// What is absent is left out as well, each with why: for tasks that were asked for by name.
void leave_out_absent(TaskSuite& suite);

// An own card with the items beside it. InputError as items_beside_card.
SuiteTask own_task(TaskCard card, std::int64_t shots);
// The own cards of these files; those that cannot be read, or whose items cannot, are left out.
TaskSuite own_suite(std::span<const std::filesystem::path> files, std::int64_t shots);

// Keeps of each task what makes `most` asked items or a few more (shots.h, asked_items: of a card
// that asks the last of each group one a group, of one that asks a list's elements each of them):
// whole groups (items of one passage stay together), drawn by a counter key of (seed, task, group).
// The same for every model and order; an item's scores do not depend on the others.
void keep_some(TaskSuite& suite, std::int64_t most, std::uint64_t seed);

// evaluate_task, labelled with what `model` says of model, trial, step, FLOPs, tokenizer and
// weights.
TaskScores score_task(const SuiteTask& task, Scorer& scorer, const TaskScores& model,
                      const EvaluationOptions& options);

}  // namespace isoloss
