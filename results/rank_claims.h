// Claims by which the ranks of a job say that they live, ranks/HOST-PID-STARTED.claim: they hold
// nothing, and beat whether or not their rank trains a run (harness/study/job_watch.h).
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "results/process_identity.h"
#include "results/study_folder.h"

namespace isoloss {

std::filesystem::path rank_claim(const StudyFolder& folder, const ProcessIdentity& process);

// Whether a file of that name in the folder of ranks is one.
bool is_rank_claim(const std::filesystem::path& path);

// All that are there, by name.
std::vector<std::filesystem::path> rank_claims(const StudyFolder& folder);

// Removes those of processes of this machine that are certainly dead, and of ranks of the named
// supervisor, whose job has ended; none is named where `supervisor` is empty.
void remove_dead_rank_claims(const StudyFolder& folder, const std::string& supervisor = {});

}  // namespace isoloss
