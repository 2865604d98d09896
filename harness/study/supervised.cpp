#include "harness/study/supervised.h"

#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "model/spec/tell.h"
#include "results/process_identity.h"

namespace isoloss {
namespace {

std::filesystem::path failure_file(const StudyFolder& folder, const std::string& supervisor) {
  return folder.ranks() / ("failure-" + supervisor);
}
std::filesystem::path stop_report(const StudyFolder& folder, const std::string& supervisor) {
  return folder.ranks() / ("stopped-" + supervisor);
}

}  // namespace

bool is_supervised() { return std::getenv(kSupervisedVariable) != nullptr; }

std::string supervisor_name() {
  const char* name = std::getenv(kSupervisedVariable);
  return name == nullptr ? "" : name;
}

std::string own_supervisor_name() {
  const ProcessIdentity self = this_process();
  return fmt::format("{}-{}-{}", self.host.substr(0, self.host.find('/')), self.pid, self.started);
}

void report_failure(const StudyFolder& folder, const StudyFailure& failure) {
  // Not by write_durably: the failure may be a full disk, and then there is nothing better to do.
  std::ofstream file(failure_file(folder, supervisor_name()), std::ios::trunc);
  // A path in the message need be no UTF-8.
  const nlohmann::json text{{"status", failure.status}, {"message", failure.message}};
  file << text.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) << '\n';
  file.close();
  // Who started the ranks will have nothing to say, so it is said here.
  if (!file) tell(failure.message);
}

std::optional<StudyFailure> take_failure(const StudyFolder& folder, const std::string& supervisor) {
  const auto path = failure_file(folder, supervisor);
  std::ifstream file(path);
  if (!file) return std::nullopt;
  const auto json = nlohmann::json::parse(file, nullptr, false);
  std::error_code ignored;
  std::filesystem::remove(path, ignored);
  if (!json.is_object()) return StudyFailure{1, "a rank failed and could not say why (disk full?)"};
  return StudyFailure{json.value("status", 1), json.value("message", "unknown")};
}

void report_stop(const StudyFolder& folder) {
  std::ofstream(stop_report(folder, supervisor_name()), std::ios::app);
}

bool take_stop(const StudyFolder& folder, const std::string& supervisor) {
  std::error_code missing;
  return std::filesystem::remove(stop_report(folder, supervisor), missing);
}

}  // namespace isoloss
