// What a command line of `isoloss eval` asks for about one-shot tasks: which models, which cards
// and items, and where scores are kept. Read and checked before any model is loaded.
#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "harness/cli/command_line.h"
#include "harness/oneshot/datasets/task_data_file.h"
#include "harness/oneshot/evaluate_task.h"
#include "harness/scoring/task_suite.h"
#include "results/study_folder.h"
#include "results/task_scores.h"

namespace isoloss {

// Options of the tasks, added to the command's.
void add_task_options(CommandLine& line);

// Whether the command line asks for tasks.
bool asks_for_tasks(const CommandLine& line);

// A model to score, and how its scores are labelled.
struct EvalCandidate {
  std::string name;  // as load_named_model takes it
  std::string trial;
  std::int64_t step = 0;  // that its checkpoint must be of; 0 of a model from elsewhere
  double flops = 0;
};

// InputError where a model that was loaded for it, at `step`, is not the candidate's.
void require_step(const EvalCandidate& candidate, std::int64_t step);

struct EvalRequest {
  EvaluationOptions options;
  std::optional<TaskDataFile> data;
  TaskSuite suite;
  std::vector<EvalCandidate> candidates;  // of a study its finished runs, each at its last budget
};

// InputError where --out stands beside a study's folder.
void check_out(const CommandLine& line);

// Of each finished run of a study the trial that its last evaluation answers. InputError where none
// is finished.
std::vector<EvalCandidate> finished_runs(const StudyFolder& folder);

// InputError: options that contradict each other or are out of range, an unknown task, no task or
// run that is left to score, --out that cannot be written to. With --show no models are named.
EvalRequest read_eval_request(const CommandLine& line);

// The file in which the scores of a task are kept; empty where nobody asked for a place.
using ScoresPlace = std::function<std::filesystem::path(const TaskScores&)>;
ScoresPlace scores_place(const CommandLine& line);

}  // namespace isoloss
