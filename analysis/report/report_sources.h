// What a report is of: the folders of one study, or one CSV of points.
#pragma once
#include <filesystem>
#include <vector>

#include "analysis/points/points.h"

namespace isoloss {

// Reads the folders as one study, duplicate runs once; or one CSV. InputError: nothing there,
// folders that do not compare, a CSV beside other sources.
PointTable read_sources(const std::vector<std::filesystem::path>& sources);

}  // namespace isoloss
