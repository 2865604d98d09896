// Claims of ranks that train a run with the holder of its claim, runs/ID/claim-RANK: by them is
// known of which run a rank died that did not hold the claim itself.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "results/study_folder.h"

namespace isoloss {

// `rank` is the job's.
std::filesystem::path helper_claim(const StudyFolder& folder, const std::string& id,
                                   std::int64_t rank);

// Whether a file of that name in a run's folder is one.
bool is_helper_claim(const std::filesystem::path& path);

// All of the run's, by name.
std::vector<std::filesystem::path> helper_claims(const StudyFolder& folder, const std::string& id);

}  // namespace isoloss
