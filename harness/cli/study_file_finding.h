// What `verify` and `repair` say of a study file that is there and is none.
#pragma once
#include <filesystem>
#include <optional>

#include "results/verify.h"
#include "sweeps/study.h"

namespace isoloss {

inline std::optional<Finding> study_file_finding(const StudyFolder& folder) {
  const auto path = folder.study_file();
  if (!std::filesystem::is_regular_file(path) || study_name(path)) return std::nullopt;
  return Finding{
      path,
      "cannot be read (damaged: it is no study file with a name); restore it, or run the "
      "study into this folder again",
      Severity::Damage};
}

}  // namespace isoloss
