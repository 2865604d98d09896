// What training took beside what was predicted when each run and the study began.
#pragma once
#include "analysis/plot/html.h"
#include "analysis/report/report_study.h"

namespace isoloss {

// Of each machine, a processor or a device by its name, a row an architecture, size and number of
// ranks, then one for all of them; no rows where no run was predicted (a CSV of points, runs of
// earlier versions). Seconds of training alone: evaluation, checkpoints and waiting are in neither.
Table training_times_table(const StudyResults& study);

// A row a study folder that was trained by the plan it began with, one start after another: their
// time, with evaluation, checkpoints and waiting, beside that of the planned schedule and its
// interval.
Table makespans_table(const StudyResults& study);

// The most that a rank's process, or its device, held beside the prediction, by rows as of
// training_times_table; the last of a machine is of the runs with the most. Of ranks that shared a
// run the one that wrote its file.
Table training_memory_table(const StudyResults& study);

}  // namespace isoloss
