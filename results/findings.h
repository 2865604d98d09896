// How the checks of verify note what they find.
#pragma once
#include <algorithm>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "results/folder_entries.h"
#include "results/unread_error.h"
#include "results/verify.h"

namespace isoloss {

class Findings {
 public:
  void add(const std::filesystem::path& path, Severity severity, const std::string& problem) {
    findings_.push_back({path, problem, severity});
  }

  void add(const std::filesystem::path& path, const ReadProblem& problem) {
    add(path, problem.unread ? Severity::Unread : Severity::Damage, problem.text);
  }

  void warn_foreign(const std::filesystem::path& path) {
    add(path, Severity::Warning,
        "not a file of a study (unknown name); move it out of the study folder");
  }

  // True where the file is no part of the study's content and is dealt with: a leftover, or a
  // damaged file that was set aside.
  bool passed_over(const std::filesystem::path& path);

  std::vector<Finding> sorted() && {
    std::ranges::stable_sort(findings_, {}, &Finding::path);
    return std::move(findings_);
  }

 private:
  std::vector<Finding> findings_;
};

// Checks the claim of a run or of a rank.
void check_claim(const std::filesystem::path& path, Findings& findings);

// Checks one run's folder; returns what its decisions may rest on.
struct RunSummary {
  bool known = true;    // nothing of it is damaged or unread
  bool stored = false;  // anything of it
  bool diverged = false;
  std::vector<double> selection_losses;  // of every evaluation
};
RunSummary check_run(const StudyFolder& folder, const std::string& id, Findings& findings);
RunSummary summary_of(const RunRecord* record);

}  // namespace isoloss
