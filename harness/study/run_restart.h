// Where a work item goes on: the record so far and the checkpoint that agrees with it.
#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "harness/training/checkpoint.h"
#include "results/run_record.h"
#include "results/study_folder.h"
#include "sweeps/schedule.h"

namespace isoloss {

struct RunRestart {
  std::optional<Checkpoint> checkpoint;  // its own or its trunk's; absent: from the initial weights
  std::filesystem::path checkpoints;     // the folder that this item's checkpoints go to
  RunRecord record;                      // events up to the checkpoint
  RunRecord later;                       // events past the item's end that stay as they are
  std::vector<EvaluationStop> stops;     // the item's, and stored ones that are trained again
  // The run is stored further than where this item begins (a budget was added before its
  // checkpoint): the numbers repeat, its own checkpoints stay, the item's go to a folder apart.
  bool again = false;
  // An evaluation is due at the checkpoint's own step: a stop came before it was over.
  bool measure_first = false;

  std::int64_t step() const { return checkpoint ? checkpoint->head().step : 0; }
};

// A damaged journal is set aside where the run file holds what came before the checkpoint: `warn`
// is told, and what the journal held past it is trained again. It is told too where the checkpoint
// is of a run that another version of isoloss trained. Throws what concerns this run alone
// where those steps are nowhere or its files cannot be read; InputError where a checkpoint cannot,
// which may be whole. By who holds the claim on the run.
RunRestart find_restart(const StudyFolder& folder, const WorkItem& item,
                        const std::function<void(const std::string&)>& warn);

// Events of steps in [first, last] alone; header and state stay.
RunRecord cut_record(RunRecord record, std::int64_t first, std::int64_t last);

}  // namespace isoloss
