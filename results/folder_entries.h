// What lies in a folder, told apart from a folder that cannot be looked into.
#pragma once
#include <filesystem>
#include <vector>

namespace isoloss {

// Paths of all that is in the folder, sorted; none where there is no such folder. UnreadError where
// it cannot be read.
std::vector<std::filesystem::path> files_in(const std::filesystem::path& folder);

}  // namespace isoloss
