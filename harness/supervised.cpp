#include "harness/supervised.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

namespace isoloss {
namespace {

std::filesystem::path failure_file(const StudyFolder& folder) { return folder.ranks() / "failure"; }

}  // namespace

bool is_supervised() { return std::getenv(kSupervisedVariable) != nullptr; }

void report_failure(const StudyFolder& folder, const StudyFailure& failure) {
  // Not by write_durably: the failure may be a full disk, and then there is nothing better to do.
  std::ofstream file(failure_file(folder), std::ios::trunc);
  file << nlohmann::json{{"status", failure.status}, {"message", failure.message}} << '\n';
}

std::optional<StudyFailure> take_failure(const StudyFolder& folder) {
  const auto path = failure_file(folder);
  std::ifstream file(path);
  if (!file) return std::nullopt;
  const auto json = nlohmann::json::parse(file, nullptr, false);
  std::error_code ignored;
  std::filesystem::remove(path, ignored);
  if (!json.is_object()) return StudyFailure{1, "a rank failed and could not say why (disk full?)"};
  return StudyFailure{json.value("status", 1), json.value("message", "unknown")};
}

}  // namespace isoloss
