#include "harness/oneshot/datasets/labels_beside.h"

#include <fmt/format.h>

#include <string>
#include <string_view>

#include "model/spec/error.h"

namespace isoloss {

namespace fs = std::filesystem;

std::optional<fs::path> labels_beside(const fs::path& file) {
  const struct {
    std::string_view end, labels;
  } kinds[] = {{".jsonl", "-labels.lst"}, {".data.txt", ".gold.txt"}};
  const std::string name = file.string();
  for (const auto& kind : kinds) {
    if (!name.ends_with(kind.end)) continue;
    fs::path labels = name.substr(0, name.size() - kind.end.size()) + std::string(kind.labels);
    if (fs::exists(labels)) return labels;
  }
  return std::nullopt;
}

void add_labels(std::vector<DataRecord>& records, const fs::path& labels) {
  const std::vector<DataRecord> lines = read_records(labels);
  if (lines.size() != records.size())
    throw InputError(fmt::format(
        "{}: {} labels for {} items (each has one, on a line of its own); fetch both files again",
        labels.string(), lines.size(), records.size()));
  for (std::size_t i = 0; i < records.size(); ++i)
    records[i].value["label"] = lines[i].value.at("text");
}

}  // namespace isoloss
