// Whether anybody works in a study folder, for who wants it to himself: a claim or a temporary file
// whose process is certainly dead, or that does not change for a while, is a leftover; a temporary
// whose process lives on this machine is none, however still.
#pragma once
#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "results/claim_observer.h"
#include "results/study_folder.h"

namespace isoloss {

struct Leftovers {
  std::vector<std::filesystem::path> claims;
  std::vector<std::filesystem::path> temporaries;
};

// Looks until each claim and temporary is known to be left over, at most `patience` where one may
// be somebody's. WorkError naming the first that somebody uses: it beats, grows or vanishes.
// `observer`, of the same patience, then knows the claims as expired.
Leftovers wait_for_quiet(const StudyFolder& folder, ClaimObserver& observer,
                         std::chrono::milliseconds patience);

// Every temporary file of the folder: beside run files, journals, decisions, tokens.
std::vector<std::filesystem::path> temporaries_in(const StudyFolder& folder);

}  // namespace isoloss
