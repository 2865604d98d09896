// A task data file of the hand-written sample items (tests/harness/oneshot/samples).
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "harness/data/tokenizer.h"
#include "harness/oneshot/datasets/task_data_file.h"
#include "tests/harness/oneshot/sample_items.h"

namespace isoloss {

// Of each data set named its first two items, shown before each other; `missing` were looked for
// and not there.
inline void write_samples(const std::filesystem::path& path, const std::vector<std::string>& names,
                          const std::vector<std::string>& missing,
                          const std::string& tokenizer_model = "") {
  TaskData data;
  data.tokenizer = tokenizer_model.empty() ? "bytes" : "model";
  data.tokenizer_hash = tokenizer_hash(tokenizer_model);
  data.missing = missing;
  for (const std::string& name : names) {
    TaskDataSet& set = data.sets.emplace_back();
    set.name = name;
    set.items = sample_items(name);
  }
  write_task_data(path, data);
}

}  // namespace isoloss
