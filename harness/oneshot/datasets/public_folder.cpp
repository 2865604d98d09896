#include "harness/oneshot/datasets/public_folder.h"

#include <fmt/format.h>
#include <fnmatch.h>

#include <algorithm>
#include <iterator>

#include "harness/oneshot/datasets/labels_beside.h"
#include "model/spec/counter_random.h"
#include "model/spec/error.h"
#include "results/durable_file.h"
#include "results/file_seal.h"

namespace isoloss {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kShotSeed = 1;

// Whether the last parts of a path match those of a pattern.
bool matches_end(const fs::path& path, const fs::path& pattern) {
  auto part = path.end();
  for (auto wanted = pattern.end(); wanted != pattern.begin();) {
    if (part == path.begin()) return false;
    --wanted;
    --part;
    if (::fnmatch(wanted->c_str(), part->c_str(), FNM_PERIOD) != 0) return false;
  }
  return true;
}

// What files of a split are called, in the order in which they count.
std::vector<std::string> patterns_of(const PublicSplit& split) {
  std::vector<std::string> patterns = split.files;
  for (const char* form : {"{0}{1}.json*", "{0}{1}-*.json*", "{0}*_{1}.json*", "{0}{1}.parquet",
                           "{0}{1}-*.parquet", "{0}*_{1}.parquet", "{0}{1}/[0-9]*.parquet"})
    for (const std::string& name : split.exports) {
      const std::size_t begin = name.rfind('/') + 1;
      patterns.push_back(
          fmt::format(fmt::runtime(form), name.substr(0, begin), name.substr(begin)));
    }
  return patterns;
}

std::string looked_for(const PublicSplit& split) {
  return fmt::format("{}{}{} as an export of JSON lines or parquet", fmt::join(split.files, ", "),
                     split.files.empty() ? "" : ", ", fmt::join(split.exports, ", "));
}

void expect_one_folder(const std::vector<fs::path>& files) {
  for (const fs::path& file : files)
    if (file.parent_path() != files.front().parent_path())
      throw InputError(fmt::format(
          "{} and {} are of one split ({} files in several folders, which would be read as one "
          "data set); leave the folder of one configuration there",
          files.front().string(), file.string(), files.size()));
}

std::vector<fs::path> files_below(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (entry.is_regular_file()) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

std::vector<DataItem> items_of(const fs::path& folder, const std::vector<fs::path>& files,
                               const std::string& name, std::vector<SourceFile>& sources) {
  std::vector<DataRecord> records;
  const auto remember = [&](const fs::path& file) {
    const std::string content = read_file(file);
    sources.push_back({fs::relative(file, folder).string(), content.size(), checksum(content)});
  };
  for (const fs::path& file : files) {
    std::vector<DataRecord> more = read_records(file);
    remember(file);
    if (const auto labels = labels_beside(file)) {
      add_labels(more, *labels);
      remember(*labels);
    }
    std::move(more.begin(), more.end(), std::back_inserter(records));
  }
  return data_items(name, records);
}

// In their order, `most` of them.
std::vector<DataItem> drawn(std::vector<DataItem> items, const std::string& name,
                            std::size_t most) {
  if (items.size() <= most) return items;
  const std::uint64_t stream = stream_of("one-shot/pool/" + name);
  std::vector<std::uint64_t> kept;
  for (std::uint64_t i = 0; i < most; ++i)
    kept.push_back(random_permutation(kShotSeed, stream, i, items.size()));
  std::sort(kept.begin(), kept.end());
  std::vector<DataItem> pool;
  for (const std::uint64_t index : kept) pool.push_back(std::move(items[index]));
  return pool;
}

}  // namespace

std::vector<fs::path> files_of(const fs::path& folder, const PublicDataSet& set,
                               const PublicSplit& split) {
  for (const std::string& name : set.folders) {
    if (!fs::is_directory(folder / name)) continue;
    const std::vector<fs::path> below = files_below(folder / name);
    for (const std::string& pattern : patterns_of(split)) {
      std::vector<fs::path> found;
      for (const fs::path& file : below)
        if (matches_end(file, pattern)) found.push_back(file);
      expect_one_folder(found);
      if (!found.empty()) return found;
    }
  }
  return {};
}

std::optional<FoundDataSet> read_public_data(const fs::path& folder, const PublicDataSet& set,
                                             std::size_t most_shots) {
  const std::vector<fs::path> evaluated = files_of(folder, set, set.evaluated);
  if (evaluated.empty()) return std::nullopt;
  FoundDataSet found;
  found.items = items_of(folder, evaluated, set.name, found.files);
  const auto count = static_cast<std::int64_t>(found.items.size());
  if (count != set.evaluated.items)
    found.warnings.push_back(fmt::format(
        "{}: {} items where its publisher's {} split has {} (scores do not compare with published "
        "ones)",
        set.name, count, set.evaluated.split, set.evaluated.items));
  if (count == set.evaluated.items && count != set.gpt3_items)
    found.warnings.push_back(fmt::format("{}: {} items where GPT-3 scored {} (its Table C.1)",
                                         set.name, count, set.gpt3_items));
  if (set.shots.files.empty() && set.shots.exports.empty()) return found;
  const std::vector<fs::path> shots = files_of(folder, set, set.shots);
  if (shots.empty()) {
    found.warnings.push_back(
        fmt::format("{}: no file of its {} split, which shots are drawn from (looked for {}); they "
                    "are drawn from the evaluated items, never the item itself",
                    set.name, set.shots.split, looked_for(set.shots)));
    return found;
  }
  std::vector<DataItem> pool = items_of(folder, shots, set.name, found.files);
  found.shots_there = static_cast<std::int64_t>(pool.size());
  found.shots = drawn(std::move(pool), set.name, most_shots);
  return found;
}

std::string why_missing(const fs::path& folder, const PublicDataSet& set) {
  for (const std::string& name : set.folders) {
    if (!fs::is_directory(folder / name)) continue;
    return fmt::format("folder {} holds none of {}", name, looked_for(set.evaluated));
  }
  return fmt::format("no folder {}", fmt::join(set.folders, " or "));
}

}  // namespace isoloss
