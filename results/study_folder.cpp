#include "results/study_folder.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "model/spec/error.h"
#include "results/durable_file.h"
#include "results/folder_entries.h"
#include "results/json_file.h"

namespace isoloss {

namespace fs = std::filesystem;

namespace {

constexpr const char* kAttemptFormat = "isoloss attempt";
constexpr int kAttemptVersion = 2;

fs::path attempt_path(const StudyFolder& folder, const std::string& id, int attempt) {
  return folder.run(id) / ("attempt-" + std::to_string(attempt) + ".json");
}

// False where there is one of that number.
bool publish_attempt(const StudyFolder& folder, const std::string& id, const std::string& reason,
                     int attempt) {
  return publish_once(attempt_path(folder, id, attempt),
                      sealed_json_text({{"format", kAttemptFormat},
                                        {"version", kAttemptVersion},
                                        {"attempt", attempt},
                                        {"reason", reason}}));
}

}  // namespace

std::optional<int> attempt_number(const fs::path& path) {
  const std::string stem = path.stem().string();
  constexpr std::string_view kStart = "attempt-";
  if (path.extension() != ".json" || !stem.starts_with(kStart)) return std::nullopt;
  int number = 0;
  const char* end = stem.data() + stem.size();
  const auto [stop, status] = std::from_chars(stem.data() + kStart.size(), end, number);
  if (status != std::errc() || stop != end || number < 1) return std::nullopt;
  return number;
}

bool is_run_id(const std::string& name) {
  return name.size() == 16 && name.find_first_not_of("0123456789abcdef") == std::string::npos;
}

std::vector<std::string> run_ids(const StudyFolder& folder) {
  std::vector<std::string> ids;
  for (const fs::path& path : files_in(folder.runs()))
    if (fs::is_directory(path)) ids.push_back(path.filename().string());
  return ids;
}

std::vector<Decision> read_decisions(const StudyFolder& folder) {
  std::vector<Decision> decisions;
  for (const fs::path& path : files_in(folder.decisions()))
    if (path.extension() == ".json" && !is_temporary(path))
      decisions.push_back(decision_from_json(read_file(path), path));
  std::sort(decisions.begin(), decisions.end(),
            [](const Decision& a, const Decision& b) { return a.key < b.key; });
  return decisions;
}

void publish_decision(const StudyFolder& folder, const Decision& decision) {
  if (decision.key.empty() || decision.key.find('/') != std::string::npos)
    throw InputError("cannot store a decision as '" + decision.key +
                     "' (no file can have that name); give architecture and size names without /");
  publish_once(folder.decision(decision.key), decision_to_json(decision));
}

FailedAttempt read_attempt(const fs::path& path) {
  const nlohmann::json object =
      parse_json_file(read_file(path), path, kAttemptFormat, kAttemptVersion);
  const FailedAttempt attempt{json_value<int>(object, "attempt", path),
                              json_value<std::string>(object, "reason", path)};
  if (attempt.attempt != attempt_number(path))
    throw InputError("cannot take " + path.string() + " (it is attempt " +
                     std::to_string(attempt.attempt) + "); give it its name back or remove it");
  return attempt;
}

std::vector<FailedAttempt> read_attempts(const StudyFolder& folder, const std::string& id) {
  std::vector<FailedAttempt> attempts;
  for (const fs::path& path : files_in(folder.run(id))) {
    if (attempt_number(path)) attempts.push_back(read_attempt(path));
  }
  std::sort(attempts.begin(), attempts.end(),
            [](const auto& a, const auto& b) { return a.attempt < b.attempt; });
  return attempts;
}

void record_attempt(const StudyFolder& folder, const std::string& id, const std::string& reason) {
  for (int attempt = 1; !publish_attempt(folder, id, reason, attempt);) ++attempt;
}

int next_attempt(const StudyFolder& folder, const std::string& id) {
  int attempt = 1;
  while (fs::exists(attempt_path(folder, id, attempt))) ++attempt;
  return attempt;
}

void record_attempt(const StudyFolder& folder, const std::string& id, const std::string& reason,
                    int attempt) {
  publish_attempt(folder, id, reason, attempt);
}

}  // namespace isoloss
