// What a study's trials scored on each one-shot task, beside what they cost: from the scores that
// training stored with the runs, and from files of scores (results/task_scores_file.h).
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "analysis/numbers/statistics.h"
#include "analysis/points/points.h"
#include "results/task_scores.h"

namespace isoloss {

struct AccuracyPoint {
  std::string architecture, size, run;
  std::int64_t seed = 0;
  double parameters = 0, tokens = 0, flops = 0;
  double budget = 0;     // nominal; the FLOPs where the study names none
  double held_out = 0;   // loss on the held-out text, nats per token
  double task_loss = 0;  // in the unit that the task's `loss` names
  double accuracy = 0;
  double standard_error = 0;                   // over items, clustered
  double best = kNone;                         // the best accuracy that there is, where it is known
  std::size_t checkpoints = 1;                 // the last so many were averaged
  double deviation = kNone;                    // sample deviation over them; NaN of one
  std::int64_t first_step = 0, last_step = 0;  // of them
};

// One task under one card, data and number of shots.
struct AccuracyTask {
  std::string task;
  // Of the card; `study` for what training scored itself and stored item by item, empty where it
  // stored the score alone.
  std::string profile;
  std::string metric;  // accuracy, exact_match, f1
  double chance = 0;
  std::int64_t items = 0, contaminated = 0;
  // Bits per byte of the right answers, where every trial has them; else the held-out loss stands
  // in (Gadre et al. 2024), which knows nothing of the task.
  bool gold_bits = false;
  std::vector<AccuracyPoint> points;  // results only, as `results` has them

  // Distinct levels of `best`, least first.
  std::vector<double> best_levels() const;

  // "lambada (gpt3)"; the study's own tasks by their name alone.
  std::string name() const;

  const char* loss() const {
    return gold_bits ? "bits per byte of the right answer" : "held-out loss (nats per token)";
  }
};

// By task and profile. Scores of the last five checkpoints of a trial are averaged, as Primer and
// the OLMo ladder do; of what training scored itself, those of its run within the last tenth of the
// trial's steps (sweeps/score_stops.h), with bits per byte where every trial has its rows in a
// file. Scores of runs that are not among `results` (from elsewhere, or of a learning rate that
// lost its search) are left out. The best possible of a task (results/best_possible.h) is no task:
// its points hold it.
std::vector<AccuracyTask> accuracy_tasks(const PointTable& results,
                                         std::span<const TaskScores> scores);

// Of one architecture, the points at the size with the least task loss at each budget, seeds
// averaged into one; by compute.
std::vector<AccuracyPoint> best_sizes(const AccuracyTask& task, const std::string& architecture);

// Whether it is above the best that there is by more than its standard error: lucky, or wrong.
bool above_best(const AccuracyPoint& point);

// Architectures in order of first appearance.
std::vector<std::string> architectures_of(const AccuracyTask& task);

}  // namespace isoloss
