#include "analysis/points/points.h"

#include <fmt/format.h>

#include <algorithm>

#include "model/spec/error.h"

namespace isoloss {

PointTable read_points(const std::filesystem::path& path, const std::string& convention, bool all) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) {
    return read_points_folder(path, convention, all);
  }
  PointTable table = read_points_csv(path);
  if (convention != "exact" && convention != table.flops_convention) {
    throw InputError(
        fmt::format("FLOP convention '{}' ({} has its FLOPs in a column, of no other convention); "
                    "leave it out, "
                    "or name a study folder",
                    convention, path.string()));
  }
  return table;
}

bool is_result(const Point& point) { return point.role.empty() || point.role == "result"; }

std::vector<std::string> architectures_of(const PointTable& table) {
  std::vector<std::string> names;
  for (const Point& point : table.points) {
    if (std::find(names.begin(), names.end(), point.architecture) == names.end()) {
      names.push_back(point.architecture);
    }
  }
  return names;
}

}  // namespace isoloss
