// Trains one work item from the files of its study to the files of its study.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "harness/claim.h"
#include "harness/dataset.h"
#include "harness/rank_groups.h"
#include "harness/rank_reporter.h"
#include "harness/stall_watch.h"
#include "harness/trainer.h"
#include "harness/training_order.h"
#include "results/study_folder.h"
#include "sweeps/plan.h"
#include "sweeps/schedule.h"

namespace isoloss {

class RunExecutor {
 public:
  // The ranks of `block` train each run together, laid out as `layout`: one of them, which claims,
  // calls execute(), the others follow it.
  RunExecutor(StudyFolder folder, std::string study, Communicator& block, const RankLayout& layout,
              const StallLimits& stall = {})
      : folder_(std::move(folder)),
        study_(std::move(study)),
        block_(block),
        layout_(layout),
        stall_(stall) {}

  // Stopped: on request or because the claim was lost; the state up to here is saved in the first
  // case alone. InputError: bad data; WorkError: the disk is full; anything else that is thrown
  // concerns this run only. Where training hangs, on this rank or on another of the block that this
  // one waits for, that is recorded as a failed attempt of the run and this process ends with
  // status 1.
  TrainingOutcome execute(const PlannedRun& run, const WorkItem& item, Claim& claim,
                          RankReporter& reporter, const std::function<bool()>& stop);
  // Tells the other ranks of the block that nothing is left.
  void dismiss() { give_order(std::nullopt, block_); }
  // Trains what the block's first rank executes, until it dismisses this one. What is thrown leaves
  // the others waiting: the job must end.
  void follow(const StudyPlan& plan);

 private:
  // The data of a run; absent where `stop` said yes while they were prepared.
  const Dataset* dataset_of(const RunSpec& spec, const std::function<bool()>& stop);
  RankGroups groups() { return {block_, layout_}; }

  StudyFolder folder_;
  std::string study_;
  Communicator& block_;
  RankLayout layout_;
  StallLimits stall_;
  std::string dataset_key_;
  std::shared_ptr<const Dataset> dataset_;  // of the last run: mostly all runs share one
};

}  // namespace isoloss
