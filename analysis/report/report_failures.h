// Runs of study folders of which attempts failed (study_folder.h): also those that died before they
// wrote anything, of which a folder holds the reasons and no record.
#pragma once
#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "analysis/points/points.h"
#include "results/study_folder.h"

namespace isoloss {

// So many and a run is given up (kAttemptsBeforeQuarantine of sweeps/schedule.h, a room that this
// one does not know; report_command.cpp holds both to it).
inline constexpr std::size_t kAttemptsToGiveUp = 2;

struct FailedRun {
  std::string run;
  std::vector<FailedAttempt> attempts;  // at least one, by number
};

// By folder, then by run; a run of several folders once, as the first of them says. None of a CSV.
// InputError naming an attempt's file that is damaged.
std::vector<FailedRun> read_failed_runs(const std::vector<std::filesystem::path>& sources);

// A line each: what diverged, was given up or is not finished, with its reason. Arms of a search
// that lost it are as they should be and are left out where they were not given up.
std::vector<std::string> failure_lines(const PointTable& table,
                                       const std::vector<FailedRun>& failed);

}  // namespace isoloss
