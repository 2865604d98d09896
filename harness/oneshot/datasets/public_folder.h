// Public data sets as they lie in a user's folder: which files are there, what items they hold, and
// how that differs from what their publishers say.
#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "harness/oneshot/datasets/data_item.h"
#include "harness/oneshot/datasets/public_data.h"

namespace isoloss {

// A file that items were read from.
struct SourceFile {
  std::string name;  // below the folder of all data sets
  std::uint64_t bytes = 0;
  std::uint64_t checksum = 0;  // XXH3-64

  bool operator==(const SourceFile&) const = default;
};

struct FoundDataSet {
  std::vector<DataItem> items;
  std::vector<DataItem> shots;   // to draw from; empty: the items themselves
  std::int64_t shots_there = 0;  // before some were left out
  std::vector<SourceFile> files;
  std::vector<std::string> warnings;  // counts that differ, files of shots that are missing
};

// The files of `split` below the first of the data set's folders that has any, sorted; `split` is
// one of the set's two. Its publisher's names count before exports, and of those JSON lines
// (validation.jsonl, validation-00000-of-00002.jsonl, boolq_validation.jsonl) before parquet (the
// same, and validation/0000.parquet). InputError where files of one form lie in several folders:
// they are configurations of one data set, and together none of them.
std::vector<std::filesystem::path> files_of(const std::filesystem::path& folder,
                                            const PublicDataSet& set, const PublicSplit& split);

// What is there of a data set; absent where no file of its evaluated split is. Of the items that
// shots are drawn from `most_shots` are kept, drawn by a counter key of the data set, so that every
// preparation keeps the same ones. InputError naming file and line.
std::optional<FoundDataSet> read_public_data(const std::filesystem::path& folder,
                                             const PublicDataSet& set, std::size_t most_shots);

// Why read_public_data finds nothing: no such folder, none of the files.
std::string why_missing(const std::filesystem::path& folder, const PublicDataSet& set);

}  // namespace isoloss
