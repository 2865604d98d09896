#include "results/set_aside.h"

#include <string>

#include "results/durable_file.h"

namespace isoloss {

namespace {

constexpr const char* kMark = ".damaged";

}  // namespace

std::filesystem::path set_aside_name(const std::filesystem::path& path) {
  const std::string first = path.string() + kMark;
  std::string name = first;
  for (int next = 2; std::filesystem::exists(name); ++next)
    name = first + "-" + std::to_string(next);
  return name;
}

bool is_set_aside(const std::filesystem::path& path) {
  return path.filename().string().find(kMark) != std::string::npos;
}

void set_aside(const std::filesystem::path& path) { move_durably(path, set_aside_name(path)); }

}  // namespace isoloss
