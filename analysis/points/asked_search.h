// What a study folder's study.yaml says of its learning-rate search, for whoever must tell which of
// the folder's decisions counts.
#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace isoloss {

struct AskedSearch {
  std::vector<double> rates;      // ascending; empty where the file searches none
  std::vector<std::string> axes;  // fields that the grid varies, such as z_loss
};

// Absent where there is no such file, or none that can be read (`verify` names it).
std::optional<AskedSearch> asked_search(const std::filesystem::path& study_file);

}  // namespace isoloss
