// Where a study goes when nobody says where.
#pragma once
#include <filesystem>
#include <string>

namespace isoloss {

// results/runs/NAME, from the working folder.
inline std::filesystem::path default_study_folder(const std::string& study) {
  return std::filesystem::path("results") / "runs" / study;
}

}  // namespace isoloss
