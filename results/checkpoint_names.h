// What checkpoints are called: checkpoint-STEP, and checkpoint-STEP.kept for runs that branch off.
#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string_view>
#include <vector>

namespace isoloss {

// What a checkpoint's name ends in that is kept for branches.
inline constexpr std::string_view kKeptSuffix = ".kept";

// STEP of a path checkpoint-STEP followed by `suffix`; absent for any other name.
std::optional<std::int64_t> checkpoint_step(const std::filesystem::path& path,
                                            std::string_view suffix = "");

// Steps of the folder's checkpoints by their names, ascending: those whose name ends in `suffix`;
// none where there is no such folder. UnreadError where it cannot be read.
std::vector<std::int64_t> checkpoint_steps(const std::filesystem::path& folder,
                                           std::string_view suffix = "");

}  // namespace isoloss
