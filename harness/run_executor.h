// Trains one work item from the files of its study to the files of its study.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "harness/claim.h"
#include "harness/dataset.h"
#include "harness/rank_reporter.h"
#include "harness/trainer.h"
#include "results/study_folder.h"
#include "sweeps/plan.h"
#include "sweeps/schedule.h"

namespace isoloss {

class RunExecutor {
 public:
  RunExecutor(StudyFolder folder, std::string study, RankReporter& reporter)
      : folder_(std::move(folder)), study_(std::move(study)), reporter_(reporter) {}

  // Stopped: on request or because the claim was lost; the state up to here is saved in the first
  // case alone. InputError: bad data; WorkError: the disk is full; anything else that is thrown
  // concerns this run only.
  TrainingOutcome execute(const PlannedRun& run, const WorkItem& item, const Claim& claim,
                          const std::function<bool()>& stop);

 private:
  const Dataset& dataset_of(const RunSpec& spec);

  StudyFolder folder_;
  std::string study_;
  RankReporter& reporter_;
  std::string dataset_key_;
  std::shared_ptr<const Dataset> dataset_;  // of the last run: mostly all runs share one
};

}  // namespace isoloss
