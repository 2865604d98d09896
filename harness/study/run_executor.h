// Trains one work item from the files of its study to the files of its study.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "harness/data/dataset.h"
#include "harness/ranks/rank_groups.h"
#include "harness/study/claim.h"
#include "harness/study/rank_device.h"
#include "harness/study/rank_log.h"
#include "harness/study/rank_reporter.h"
#include "harness/study/run_header.h"
#include "harness/study/run_restart.h"
#include "harness/study/stall_watch.h"
#include "harness/training/trainer.h"
#include "harness/training/training_order.h"
#include "results/study_folder.h"
#include "sweeps/plan.h"
#include "sweeps/schedule.h"
#include "sweeps/step_times.h"

namespace isoloss {

class RunExecutor {
 public:
  // `device`: where this rank has taken its place; null: it trains on the processor, where `steps`
  // were measured earlier.
  RunExecutor(StudyFolder folder, std::string study, std::int64_t rank,
              const StallLimits& stall = {}, const RankDevice* device = nullptr,
              StepTimes steps = {})
      : folder_(std::move(folder)),
        study_(std::move(study)),
        log_(folder_, study_, rank),
        rank_(rank),
        stall_(stall),
        device_(device),
        steps_(std::move(steps)) {}

  // This rank's.
  const RankLog& log() const { return log_; }

  // The ranks of `block` train the item together, laid out as `layout`: the first, which holds the
  // claim, calls this, the others follow(). Stopped: on request or because the claim was lost; the
  // state up to here is saved in the first case alone. InputError: bad data; WorkError: the disk is
  // full, or the device fails; BrokenBlock: the run failed and the block's other ranks wait for
  // this one, so that the job must end; anything else that is thrown concerns this run only, and
  // the others know that it is over. Where training hangs, on this rank or on another of the block
  // that this one waits for, that is recorded as `attempt`, the run's next one, and this process
  // ends with status 1.
  TrainingOutcome execute(Communicator& block, const RankLayout& layout, const PlannedRun& run,
                          const WorkItem& item, int attempt, Claim& claim, RankReporter& reporter,
                          const std::function<bool()>& stop);
  // Trains with the block's first rank as the order says, and holds a claim of its own meanwhile,
  // so that its death is known to be the run's. SharedFailure: the run is over on every rank.
  // Anything else leaves the others waiting: the job must end, and what concerns this run only is
  // recorded as a failed attempt of it.
  void follow(Communicator& block, const StudyPlan& plan, const TrainingOrder& order);

 private:
  void train_with_leader(Communicator& block, const PlannedRun& run, const TrainingOrder& order);
  // The data of a run; absent where `stop` said yes while they were prepared.
  const Dataset* dataset_of(const RunSpec& spec, const std::function<bool()>& stop);
  // Says once where far more is held out of the opened data than was asked for, and which of the
  // study's own tasks they give no items.
  void tell_of_data(const RunSpec& spec);
  void tell_once(const std::string& what);
  // Initial weights, on the device or the processor; collective over the block.
  std::unique_ptr<TrainingState> new_state(const PlannedRun& run, Communicator& block,
                                           const RankLayout& layout);
  std::unique_ptr<TrainingState> new_state_on_device(const PlannedRun& run, Communicator& block,
                                                     RankGroups ranks, const RankLayout& layout);
  TrainedOn trained_on(const RunSpec& spec) const;
  // The study's cards that a model of the run can be asked; says once which it cannot.
  const TaskSuite& cards_for(const RunSpec& spec);
  // Adds to a segment of the run where it is scored between budgets, and the study's cards.
  void add_scoring(const PlannedRun& run, TrainingSegment& segment);
  TrainingSegment segment_of(const PlannedRun& run, const WorkItem& item,
                             const RunRestart& restart);

  StudyFolder folder_;
  std::string study_;
  RankLog log_;
  std::int64_t rank_;
  StallLimits stall_;
  const RankDevice* device_;
  StepTimes steps_;
  std::string dataset_key_;
  std::shared_ptr<const Dataset> dataset_;  // of the last run: mostly all runs share one
  std::set<std::string> told_;              // by tell_once
  // Of the study, those that fit the data's tokens and the sequence of the key: mostly all runs
  // share them.
  std::shared_ptr<const TaskSuite> cards_;
  std::pair<std::string, std::int64_t> cards_key_;
};

}  // namespace isoloss
