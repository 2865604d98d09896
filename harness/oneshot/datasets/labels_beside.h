// Right answers that a publisher keeps in a file of their own, a line an item: PIQA's
// dev-labels.lst beside dev.jsonl, WiC's dev.gold.txt beside dev.data.txt.
#pragma once
#include <filesystem>
#include <optional>
#include <vector>

#include "harness/oneshot/datasets/record_file.h"

namespace isoloss {

// The file of labels that lies beside `file`, where there is one.
std::optional<std::filesystem::path> labels_beside(const std::filesystem::path& file);

// Gives each record its line of `labels` as `label`. InputError where their numbers differ.
void add_labels(std::vector<DataRecord>& records, const std::filesystem::path& labels);

}  // namespace isoloss
