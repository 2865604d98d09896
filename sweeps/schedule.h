// What to do next, as pure functions of the plan and of what the files say: the same state gives
// the same answer to every rank and after every restart. A work item is (run, from step, to step);
// it ends where a decision must be taken, so that losing arms stop there and the winner goes on
// from its checkpoint, and where branches leave it, so that they can begin. A branch waits for its
// trunk; where it finds no checkpoint of the trunk at its step (a budget added later, a trunk that
// diverged or was given up) it trains what it lacks itself, with the same numbers.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sweeps/plan.h"

namespace isoloss {

// What is known of one run. Runs that are not listed have not begun.
struct RunProgress {
  std::string id;
  std::int64_t checkpoint_step = 0;  // from where it can go on
  bool diverged = false;
  bool unusable = false;  // its files are damaged, or cannot be read: it waits for somebody to mend
                          // them, the others do not
  std::string reason;     // of that, of a divergence or of the last failure
  int failed_attempts = 0;
  std::map<std::int64_t, double> selection_losses;  // by step, of every evaluation stored
  std::vector<std::int64_t> checkpoints = {};       // steps that branches can begin from, ascending
  bool unfinished = false;  // its file says that it is in training: its last item has not ended
};

struct SearchArm {
  std::string run;
  double learning_rate = 0;
  double selection_loss = 0;  // where it was decided; not meaningful where diverged
  bool diverged = false;
};

// Parallel to results/decision.h.
struct SearchDecision {
  std::string key;
  std::string architecture;
  std::string size;
  bool every_size = false;
  double budget = 0;
  bool this_budget_only = false;
  std::vector<SearchArm> arms;  // by learning rate, ascending
  std::string winner;           // run id; empty where every arm diverged
  double learning_rate = 0;     // the winner's
  std::string runner_up;        // id of the run that is its check; empty where there is none
  bool at_edge = false;         // the winner is the lowest or highest rate searched
};

struct WorkItem {
  std::size_t run = 0;  // index in the plan
  std::string id;
  std::int64_t from_step = 0;  // 0 although a checkpoint is there: a budget that was added later
                               // lies before it, train again from the start (the numbers repeat)
  std::int64_t to_step = 0;
  double flops = 0;                   // of what remains
  double way_flops = 0;               // until all that waits for it could be over
  bool search_arm = false;            // a decision waits for it
  std::vector<EvaluationStop> stops;  // in (from_step, to_step], by step; at from_step too where
                                      // a stop came before that evaluation was over
  std::string trunk = {};             // id of the run whose checkpoint at from_step it begins from;
                                      // empty: its own
  bool keep = false;                  // branches leave at to_step: its checkpoint is kept for them
};

// A checkpoint that was kept for branches.
struct KeptCheckpoint {
  std::string run;
  std::int64_t step = 0;

  bool operator==(const KeptCheckpoint&) const = default;
};

inline constexpr int kAttemptsBeforeQuarantine = 2;

// Every decision that the progress allows, those taken already among them (publishing one twice is
// harmless: both are equal). A diverged arm loses; where all diverged there is no winner.
std::vector<SearchDecision> due_decisions(const StudyPlan& plan,
                                          std::span<const RunProgress> progress);

// The order of work: search arms first, then the longest way (a trunk's with its longest branch).
bool more_urgent(const WorkItem& a, const WorkItem& b);

// What can be trained now, the most urgent first. Items that somebody trains already are among
// them: claims are the caller's matter.
std::vector<WorkItem> ready_work(const StudyPlan& plan, std::span<const RunProgress> progress,
                                 std::span<const SearchDecision> decisions);

// Kept checkpoints that no branch will begin from any more.
std::vector<KeptCheckpoint> spent_checkpoints(const StudyPlan& plan,
                                              std::span<const RunProgress> progress,
                                              std::span<const SearchDecision> decisions);

// No work is ready and no decision is due: everything is trained, diverged, or given up
// (trial_states says which).
bool is_done(const StudyPlan& plan, std::span<const RunProgress> progress,
             std::span<const SearchDecision> decisions);

enum class TrialPhase { Done, Waiting, Diverged, Quarantined, Skipped };

struct TrialState {
  std::size_t trial = 0;           // index in the plan
  std::optional<std::size_t> run;  // index; absent while its learning rate is not decided
  TrialPhase phase = TrialPhase::Waiting;
  std::string reason;  // of Diverged, Quarantined and Skipped
};

// One for each trial of the plan, in its order. Skipped: its search has no winner, or waits for an
// arm that is quarantined.
std::vector<TrialState> trial_states(const StudyPlan& plan, std::span<const RunProgress> progress,
                                     std::span<const SearchDecision> decisions);

struct StudyProgress {
  double done_flops = 0;
  double total_flops = 0;  // decided where known, else as the plan's totals assume
};
StudyProgress study_progress(const StudyPlan& plan, std::span<const RunProgress> progress,
                             std::span<const SearchDecision> decisions);

}  // namespace isoloss
