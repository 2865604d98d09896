// Which process is to blame where those that trained a run died: one that crashed, or, under the
// supervisor of the job, one that had not been told to go. When a rank dies, the launcher tells the
// others to go before it kills them, and what dies with another job may have been preempted.
#pragma once
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "results/claim_file.h"
#include "results/study_folder.h"

namespace isoloss {

// The one to blame of processes that are no more, a crashed one before others; absent where none
// is. `supervisor` is the name of whoever judges, empty where there is none.
std::optional<ClaimContent> to_blame(std::span<const ClaimContent> dead,
                                     const std::string& supervisor);

// Removes the claims of the ranks that trained the run with a holder that is no more. By who holds
// the claim on the run, or while nobody does.
std::vector<ClaimContent> take_helper_claims(const StudyFolder& folder, const std::string& id);

}  // namespace isoloss
