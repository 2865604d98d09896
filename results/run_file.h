// The HDF5 file of one run (schema: docs/format.md). Opens in h5py and h5dump; curves are datasets
// with units and descriptions as attributes; a checksum follows the HDF5 bytes (file_seal.h).
#pragma once
#include <filesystem>
#include <string>
#include <string_view>

#include "results/run_record.h"

namespace isoloss {

// Builds the file whole beside `path` and renames it into place. WorkError on a full disk, or where
// the evaluations hold different numbers of sequences.
void write_run_file(const std::filesystem::path& path, const RunRecord& record);

// InputError naming the file where it is missing, truncated, foreign, damaged or of another
// version.
RunRecord read_run_file(const std::filesystem::path& path);

// The file's bytes; equal records give equal bytes.
std::string run_file_bytes(const RunRecord& record);
// A record from a file's bytes; `path` is for messages.
RunRecord run_record_from(std::string_view bytes, const std::filesystem::path& path);

}  // namespace isoloss
