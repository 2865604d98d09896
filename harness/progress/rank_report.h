// What a rank is doing, for progress and `status`: ranks/NAME.json, replaced about twice a second
// at most and removed when the rank leaves.
#pragma once
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "results/study_folder.h"

namespace isoloss {

struct RankReport {
  std::int64_t rank = 0;
  std::string run;  // id; empty while it waits for work
  std::string architecture;
  std::string size;
  std::uint64_t seed = 0;
  double learning_rate = 0;
  std::int64_t from_step = 0;  // of the work item
  std::int64_t step = 0;
  std::int64_t to_step = 0;
  double loss = 0;               // of the last step
  double tokens_per_second = 0;  // of this work item
  double flops_per_second = 0;   // exact FLOPs
  double flops_done = 0;         // of this work item
};

inline std::string as_json(const RankReport& report) {
  const nlohmann::ordered_json json = {{"rank", report.rank},
                                       {"run", report.run},
                                       {"architecture", report.architecture},
                                       {"size", report.size},
                                       {"seed", report.seed},
                                       {"learning_rate", report.learning_rate},
                                       {"from_step", report.from_step},
                                       {"step", report.step},
                                       {"to_step", report.to_step},
                                       {"loss", report.loss},
                                       {"tokens_per_second", report.tokens_per_second},
                                       {"flops_per_second", report.flops_per_second},
                                       {"flops_done", report.flops_done}};
  return json.dump() + "\n";
}

// Absent where the file vanished meanwhile or is no report.
inline std::optional<RankReport> read_rank_report(const std::filesystem::path& path) {
  std::ifstream file(path);
  const auto json = nlohmann::json::parse(file, nullptr, false);
  if (!json.is_object()) return std::nullopt;
  RankReport report;
  try {
    json.at("rank").get_to(report.rank);
    json.at("run").get_to(report.run);
    json.at("architecture").get_to(report.architecture);
    json.at("size").get_to(report.size);
    json.at("seed").get_to(report.seed);
    json.at("learning_rate").get_to(report.learning_rate);
    json.at("from_step").get_to(report.from_step);
    json.at("step").get_to(report.step);
    json.at("to_step").get_to(report.to_step);
    json.at("loss").get_to(report.loss);
    json.at("tokens_per_second").get_to(report.tokens_per_second);
    json.at("flops_per_second").get_to(report.flops_per_second);
    json.at("flops_done").get_to(report.flops_done);
  } catch (const nlohmann::json::exception&) {
    return std::nullopt;
  }
  return report;
}

// Reports of the folder that were written within `freshness` before the newest one (a killed rank
// leaves its last one behind), by rank. By the clock that dates the files alone, the file server's:
// the reader's may differ by any time. Whether the newest is of a living rank is another question
// (rank_pulse.h).
inline std::vector<RankReport> read_rank_reports(
    const StudyFolder& folder, std::chrono::seconds freshness = std::chrono::seconds(30)) {
  using Time = std::filesystem::file_time_type;
  std::vector<std::pair<Time, RankReport>> dated;
  Time newest = Time::min();
  std::error_code missing;
  for (const auto& entry : std::filesystem::directory_iterator(folder.ranks(), missing)) {
    if (entry.path().extension() != ".json") continue;
    const auto report = read_rank_report(entry.path());
    std::error_code vanished;  // asked after it was opened, when a network's file is known anew
    const Time written = std::filesystem::last_write_time(entry.path(), vanished);
    if (vanished) continue;
    newest = std::max(newest, written);
    if (report) dated.emplace_back(written, *report);
  }
  std::vector<RankReport> reports;
  for (const auto& [written, report] : dated)
    if (newest - written <= freshness) reports.push_back(report);
  std::ranges::sort(reports, {}, &RankReport::rank);
  return reports;
}

}  // namespace isoloss
