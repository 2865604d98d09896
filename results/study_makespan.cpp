#include "results/study_makespan.h"

#include <filesystem>

#include "results/durable_file.h"
#include "results/json_file.h"

namespace isoloss {
namespace {

constexpr const char* kMakespanFormat = "isoloss makespan";
constexpr int kMakespanVersion = 2;

}  // namespace

std::optional<StudyMakespan> read_study_makespan(const StudyFolder& folder) {
  const auto path = folder.makespan_file();
  std::error_code unseen;
  if (!std::filesystem::exists(path, unseen)) return std::nullopt;
  const auto object = parse_json_file(read_file(path), path, kMakespanFormat, kMakespanVersion);
  StudyMakespan makespan;
  makespan.ranks = json_value<std::int64_t>(object, "ranks", path);
  makespan.predicted_seconds = json_value<double>(object, "predicted_seconds", path);
  makespan.lowest_seconds = json_value<double>(object, "lowest_seconds", path);
  makespan.highest_seconds = json_value<double>(object, "highest_seconds", path);
  makespan.starts = json_value<std::int64_t>(object, "starts", path);
  // Earlier versions have neither.
  if (object.contains("flops")) {
    makespan.flops = json_value<double>(object, "flops", path);
    makespan.earlier_seconds = json_value<double>(object, "earlier_seconds", path);
    makespan.latest_seconds = json_value<double>(object, "latest_seconds", path);
    makespan.comparable = json_value<bool>(object, "comparable", path);
  }
  if (object.contains("seconds")) makespan.seconds = json_value<double>(object, "seconds", path);
  return makespan;
}

void write_study_makespan(const StudyFolder& folder, const StudyMakespan& makespan) {
  nlohmann::json object = {{"format", kMakespanFormat},
                           {"version", kMakespanVersion},
                           {"ranks", makespan.ranks},
                           {"predicted_seconds", makespan.predicted_seconds},
                           {"lowest_seconds", makespan.lowest_seconds},
                           {"highest_seconds", makespan.highest_seconds},
                           {"starts", makespan.starts},
                           {"flops", makespan.flops},
                           {"earlier_seconds", makespan.earlier_seconds},
                           {"latest_seconds", makespan.latest_seconds},
                           {"comparable", makespan.comparable}};
  if (makespan.seconds) object["seconds"] = *makespan.seconds;
  write_durably(folder.makespan_file(), sealed_json_text(object));
}

}  // namespace isoloss
