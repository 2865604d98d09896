// What checkpoints are called: checkpoint-STEP, and checkpoint-STEP.kept for runs that branch off.
#pragma once
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace isoloss {

// What a checkpoint's name ends in that is kept for branches.
inline constexpr std::string_view kKeptSuffix = ".kept";

// part-RANK: what a rank's file is called in the folder of a checkpoint that several ranks wrote.
std::string part_name(std::size_t rank);

// STEP of a path checkpoint-STEP followed by `suffix`; absent for any other name.
std::optional<std::int64_t> checkpoint_step(const std::filesystem::path& path,
                                            std::string_view suffix = "");

// Whether it is a leftover, or in the making: a temporary file, or a temporary folder of a
// checkpoint that several ranks write.
bool is_temporary_entry(const std::filesystem::path& path);

// Steps of the folder's checkpoints by their names, ascending: those whose name ends in `suffix`;
// none where there is no such folder. UnreadError where it cannot be read.
std::vector<std::int64_t> checkpoint_steps(const std::filesystem::path& folder,
                                           std::string_view suffix = "");

}  // namespace isoloss
