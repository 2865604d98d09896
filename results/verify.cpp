#include "results/verify.h"

#include <algorithm>
#include <array>
#include <map>
#include <string_view>
#include <tuple>

#include "model/spec/error.h"
#include "results/claim_file.h"
#include "results/durable_file.h"
#include "results/findings.h"
#include "results/rank_claims.h"
#include "results/set_aside.h"
#include "results/study_makespan.h"
#include "results/study_sum.h"
#include "results/task_scores_file.h"
#include "results/token_file_check.h"
#include "results/verify_decisions.h"

namespace isoloss {

namespace fs = std::filesystem;

namespace {

// A process trains one run at a time.
void check_claims(const StudyFolder& folder, const std::vector<std::string>& ids,
                  Findings& findings) {
  std::map<std::tuple<std::string, std::int64_t, std::uint64_t>, fs::path> claims;
  for (const std::string& id : ids) {
    const auto claim = read_claim(folder.claim(id));
    if (!claim) continue;
    const auto& [host, pid, started] = claim->process;
    const auto [other, first] = claims.try_emplace({host, pid, started}, folder.claim(id));
    // It may have gone from one run to the next while this looked.
    if (!first && fs::exists(other->second) && fs::exists(folder.claim(id)))
      findings.add(folder.claim(id), Severity::Warning,
                   "contradicts " + other->second.string() + " (process " + std::to_string(pid) +
                       " cannot train both); remove the one that does not beat");
  }
}

void check_study_file(const fs::path& path, Findings& findings) {
  try {
    if (study_sum_fits(read_file(path))) return;
    findings.add(path, Severity::Damage,
                 "is not what `run` stored (edited or damaged since); run the study into this "
                 "folder again, which stores it anew");
  } catch (...) {
    findings.add(path, read_problem(path));
  }
}

void check_makespan(const StudyFolder& folder, Findings& findings) {
  try {
    read_study_makespan(folder);
  } catch (...) {
    findings.add(folder.makespan_file(), read_problem(folder.makespan_file()));
  }
}

// The folders and files of a study (study_folder.h), and the report that is written beside them.
void check_root_names(const StudyFolder& folder, Findings& findings) {
  const std::array known = {
      folder.study_file(), folder.makespan_file(),      folder.stop_file(),    folder.data(),
      folder.runs(),       folder.decisions(),          folder.scores(),       folder.ranks(),
      folder.logs(),       folder.root / "report.html", folder.root / "report"};
  for (const fs::path& path : files_in(folder.root))
    if (!findings.passed_over(path) && std::ranges::find(known, path) == known.end())
      findings.warn_foreign(path);
}

bool consists_of(std::string_view text, std::string_view characters) {
  return !text.empty() && text.find_first_not_of(characters) == std::string_view::npos;
}

// HOST-PID.json, or what ranks tell each other and their supervisor (docs/format.md).
bool is_of_ranks(const fs::path& path) {
  const std::string stem = path.stem().string(), name = path.filename().string();
  const std::size_t dash = stem.rfind('-');
  if (path.extension() == ".json")
    return dash != std::string::npos && dash > 0 &&
           consists_of(std::string_view(stem).substr(dash + 1), "0123456789");
  return name.starts_with("meeting-") || name.starts_with("failure-") ||
         name.starts_with("stopped-");
}

void check_ranks(const StudyFolder& folder, Findings& findings) {
  for (const fs::path& path : files_in(folder.ranks())) {
    if (findings.passed_over(path)) continue;
    if (is_rank_claim(path))
      check_claim(path, findings);
    else if (!is_of_ranks(path))
      findings.warn_foreign(path);
  }
}

// tokens-HASH.bin
bool is_token_file(const fs::path& path) {
  constexpr std::string_view kTokens = "tokens-";
  const std::string stem = path.stem().string();
  return path.extension() == ".bin" && stem.starts_with(kTokens) &&
         stem.size() == kTokens.size() + 16 &&
         consists_of(std::string_view(stem).substr(kTokens.size()), "0123456789abcdef");
}

void check_tokens(const StudyFolder& folder, Findings& findings) {
  for (const fs::path& path : files_in(folder.data())) {
    if (findings.passed_over(path)) continue;
    if (!is_token_file(path)) {
      findings.warn_foreign(path);
      continue;
    }
    try {
      check_token_file(path);
    } catch (...) {
      findings.add(path, read_problem(path));
    }
  }
}

void check_scores(const StudyFolder& folder, Findings& findings) {
  for (const fs::path& trial : files_in(folder.scores())) {
    if (findings.passed_over(trial)) continue;
    if (!fs::is_directory(trial)) {
      findings.warn_foreign(trial);
      continue;
    }
    for (const fs::path& path : files_in(trial)) {
      if (findings.passed_over(path)) continue;
      if (path.extension() != ".h5") {
        findings.warn_foreign(path);
        continue;
      }
      try {
        check_task_scores(folder, path);
      } catch (...) {
        findings.add(path, read_problem(path));
      }
    }
  }
}

}  // namespace

bool is_harmless(Severity severity) {
  return severity == Severity::Note || severity == Severity::Warning;
}

std::string_view severity_name(Severity severity) {
  switch (severity) {
    case Severity::Note:
      return "note";
    case Severity::Warning:
      return "warning";
    case Severity::Unread:
      return "unread";
    case Severity::Damage:
      return "damage";
  }
  return "unknown";
}

std::vector<Finding> verify_study(const StudyFolder& folder) {
  if (!fs::is_directory(folder.root))
    throw InputError("cannot read " + folder.root.string() +
                     " (no such folder); give the folder that a study was run in");
  Findings findings;
  if (!fs::is_regular_file(folder.study_file()))
    findings.add(folder.study_file(), Severity::Damage,
                 "missing (the folder does not say which study it holds); restore it, or run the "
                 "study into this folder again");
  else
    check_study_file(folder.study_file(), findings);
  check_root_names(folder, findings);
  check_makespan(folder, findings);
  check_ranks(folder, findings);
  check_tokens(folder, findings);
  check_scores(folder, findings);
  std::map<std::string, RunSummary> runs;
  std::vector<std::string> ids;
  for (const fs::path& path : files_in(folder.runs())) {
    const std::string name = path.filename().string();
    if (findings.passed_over(path)) continue;
    if (fs::is_directory(path) && is_run_id(name))
      ids.push_back(name);
    else
      findings.warn_foreign(path);
  }
  for (const std::string& id : ids) runs.emplace(id, check_run(folder, id, findings));
  check_claims(folder, ids, findings);
  for (const fs::path& path : files_in(folder.decisions()))
    if (!findings.passed_over(path) && path.extension() != ".json") findings.warn_foreign(path);
  for (const Finding& finding : decision_problems(folder, runs))
    findings.add(finding.path, finding.severity, finding.problem);
  return std::move(findings).sorted();
}

}  // namespace isoloss
