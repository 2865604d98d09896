#include "results/checkpoint_names.h"

#include <algorithm>
#include <charconv>
#include <string>

#include "results/durable_file.h"
#include "results/folder_entries.h"

namespace isoloss {

std::string part_name(std::size_t rank) { return "part-" + std::to_string(rank); }

std::optional<std::int64_t> checkpoint_step(const std::filesystem::path& path,
                                            std::string_view suffix) {
  constexpr std::string_view kPrefix = "checkpoint-";
  const std::string name = path.filename().string();
  if (!name.starts_with(kPrefix) || !name.ends_with(suffix)) return std::nullopt;
  std::int64_t step = 0;
  const char* end = name.data() + name.size() - suffix.size();
  const auto parsed = std::from_chars(name.data() + kPrefix.size(), end, step);
  if (parsed.ec != std::errc() || parsed.ptr != end) return std::nullopt;
  return step;
}

bool is_temporary_entry(const std::filesystem::path& path) {
  if (!is_temporary(path)) return false;
  const auto type = std::filesystem::symlink_status(path).type();
  if (type != std::filesystem::file_type::directory)
    return type == std::filesystem::file_type::regular;
  const std::string name = path.filename().string();
  return checkpoint_step(name.substr(0, name.find('.'))).has_value();
}

std::vector<std::int64_t> checkpoint_steps(const std::filesystem::path& folder,
                                           std::string_view suffix) {
  std::vector<std::int64_t> steps;
  for (const std::filesystem::path& path : files_in(folder))
    if (const auto step = checkpoint_step(path, suffix)) steps.push_back(*step);
  std::ranges::sort(steps);
  return steps;
}

}  // namespace isoloss
