// A checkpoint as it lies on disk: a file, or a folder of the files of the ranks that wrote it
// together (checkpoint_layout.h).
#pragma once
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "results/checkpoint_file.h"

namespace isoloss {

// Its files by rank, each found whole and all of one step; they can be read although their names
// are removed meanwhile. InputError and UnreadError as CheckpointFile; "part 2 of 4 is missing".
std::vector<std::unique_ptr<CheckpointFile>> open_checkpoint(const std::filesystem::path& path,
                                                             const std::string& run);

}  // namespace isoloss
