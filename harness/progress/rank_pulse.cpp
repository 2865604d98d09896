#include "harness/progress/rank_pulse.h"

#include <algorithm>
#include <exception>
#include <filesystem>
#include <map>
#include <string>
#include <system_error>
#include <thread>

#include "results/claim_file.h"

namespace isoloss {
namespace {

namespace fs = std::filesystem;
using Time = fs::file_time_type;

std::map<std::string, Time> written(const StudyFolder& folder) {
  std::map<std::string, Time> times;
  std::error_code missing;
  for (const auto& entry : fs::directory_iterator(folder.ranks(), missing)) {
    if (entry.path().extension() != ".json") continue;
    read_rank_report(entry.path());  // opened, so that a network's file is known anew
    std::error_code vanished;
    const Time time = fs::last_write_time(entry.path(), vanished);
    if (!vanished) times[entry.path().filename().string()] = time;
  }
  return times;
}

std::map<std::string, std::string> claims(const StudyFolder& folder,
                                          std::span<const RankReport> reports) {
  std::map<std::string, std::string> texts;
  for (const RankReport& report : reports) {
    if (report.run.empty()) continue;
    try {
      texts[report.run] = read_claim_text(folder.claim(report.run));
    } catch (const std::exception&) {
      // One that cannot be read says nothing.
    }
  }
  return texts;
}

}  // namespace

bool has_pulse(const StudyFolder& folder, std::span<const RankReport> reports,
               std::chrono::milliseconds patience, std::chrono::seconds freshness) {
  const auto times = written(folder);
  if (times.empty()) return false;
  const auto newest =
      std::ranges::max_element(times, {}, [](const auto& report) { return report.second; });
  const auto age = Time::clock::now() - newest->second;
  if (age < freshness && age > -freshness) return true;
  const auto claimed = claims(folder, reports);
  const auto end = std::chrono::steady_clock::now() + patience;
  while (std::chrono::steady_clock::now() < end) {
    std::this_thread::sleep_for(std::min(patience, std::chrono::milliseconds(200)));
    if (written(folder) != times || claims(folder, reports) != claimed) return true;
  }
  return false;
}

}  // namespace isoloss
