// The study folder before anybody trains: made, checked to be this study's, with the study file in
// it.
#pragma once
#include <string>
#include <vector>

#include "harness/training/training_devices.h"
#include "results/study_folder.h"
#include "sweeps/plan.h"
#include "sweeps/study.h"

namespace isoloss {

// InputError where the study names a device that this program cannot train on; `devices` are those
// that it was built for, null where there are none.
void check_device(const Study& study, const TrainingDevices* devices);

// InputError, saying how to make them, where the study's tokens are not there yet.
void check_data(const Study& study);

// InputError where a task card that the study names, or an item beside it, is wrong
// (study_cards.h). Returns which public tasks are left out, and why.
std::vector<std::string> check_cards(const Study& study);
// Says them on standard error.
void tell_left_out(const std::vector<std::string>& tasks);

// Makes the folder and its parts and stores the study file (study_file_update.h). InputError where
// the folder belongs to another study, the file has changed in its meaning or the folder cannot be
// made.
void prepare_study_folder(const StudyFolder& folder, const Study& study);

// WorkError where a folder that was prepared is gone: somebody moved or removed it while it is
// trained, and what is made under its name from now on would be no study.
void check_still_there(const StudyFolder& folder);

// Forgets failed attempts, so that quarantined runs are tried again.
void forget_attempts(const StudyFolder& folder);

// The trials that match a shell pattern (as *, ?, [..] of fnmatch) by trial id, run id,
// architecture or size, with the searches that they wait for. All of them where the pattern is
// empty; InputError where none matches.
StudyPlan restrict_plan(const StudyPlan& plan, const std::string& pattern);

}  // namespace isoloss
