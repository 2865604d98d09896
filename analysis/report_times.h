// What training took beside what was predicted when each run began, by architecture and size.
#pragma once
#include "analysis/html.h"
#include "analysis/report_study.h"

namespace isoloss {

// A row an architecture, size and number of ranks, then one for all of them; no rows where no run
// was predicted (a CSV of points, runs of earlier versions). Seconds of training alone: evaluation,
// checkpoints and waiting are in neither.
Table training_times_table(const StudyResults& study);

}  // namespace isoloss
