// The HDF5 file of one run (schema: docs/format.md). Opens in h5py and h5dump; curves are datasets
// with units and descriptions as attributes.
#pragma once
#include <filesystem>

#include "results/run_record.h"

namespace isoloss {

// Builds the file whole beside `path` and renames it into place. WorkError on a full disk.
void write_run_file(const std::filesystem::path& path, const RunRecord& record);

// InputError naming the file where it is missing, truncated, foreign or of another version.
RunRecord read_run_file(const std::filesystem::path& path);

}  // namespace isoloss
