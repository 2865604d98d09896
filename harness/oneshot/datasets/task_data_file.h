// The task data file: the items of public data sets with where they come from, made once by `data
// prepare-tasks` and read by `eval` (docs/format.md, "Task data file"). Written whole; a file that
// is cut short, altered, foreign or of another tokenizer is refused.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "harness/oneshot/datasets/data_item.h"
#include "harness/oneshot/datasets/public_folder.h"

namespace isoloss {

struct TaskDataSet {
  std::string name;
  std::string split;        // evaluated
  std::string shots_split;  // what shots are drawn from
  std::string licence;
  std::vector<SourceFile> files;
  std::vector<std::string> warnings;
  std::vector<DataItem> items;
  std::vector<DataItem> shots;  // empty: the items themselves, never the item

  bool operator==(const TaskDataSet&) const = default;
};

struct TaskData {
  std::string tokenizer;  // bytes, unigram:4096, model:HASH
  std::uint64_t tokenizer_hash = 0;
  std::vector<TaskDataSet> sets;
  std::vector<std::string> missing;  // data sets that were not there
};

// Whether a file begins as task data do, whole or damaged.
bool begins_as_task_data(const std::filesystem::path& path);

// WorkError where it cannot be written.
void write_task_data(const std::filesystem::path& path, const TaskData& data);

class TaskDataFile {
 public:
  // Reads what the file says of itself. InputError naming the file: no such file, foreign, of
  // another version, cut short, or its head altered.
  explicit TaskDataFile(std::filesystem::path path);

  const std::string& tokenizer() const { return tokenizer_; }
  std::uint64_t tokenizer_hash() const { return tokenizer_hash_; }
  std::vector<std::string> names() const;
  const std::vector<std::string>& missing() const { return missing_; }
  bool has(const std::string& name) const;
  // XXH3-64 of the data set's items and shots in 16 hexadecimal digits. InputError as read.
  std::string digest(const std::string& name) const;

  // InputError: the data set is missing from the file, or its part is altered.
  TaskDataSet read(const std::string& name) const;

  // InputError where `hash`, the tokenizer's that `model` reads, is another.
  void require_tokenizer(std::uint64_t hash, const std::string& model) const;

 private:
  const nlohmann::json& entry(const std::string& name) const;

  std::filesystem::path path_;
  std::string tokenizer_;
  std::uint64_t tokenizer_hash_ = 0;
  std::uint64_t sections_begin_ = 0;
  nlohmann::json sets_;
  std::vector<std::string> missing_;
};

}  // namespace isoloss
