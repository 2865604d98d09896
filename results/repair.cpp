#include "results/repair.h"

#include <algorithm>
#include <map>
#include <set>
#include <span>
#include <system_error>

#include "model/spec/error.h"
#include "results/claim_file.h"
#include "results/durable_file.h"
#include "results/findings.h"
#include "results/journal.h"
#include "results/quiet_folder.h"
#include "results/run_file.h"
#include "results/set_aside.h"
#include "results/study_makespan.h"
#include "results/task_scores_file.h"
#include "results/token_file_check.h"
#include "results/verify_decisions.h"

namespace isoloss {

namespace fs = std::filesystem;

namespace {

// Keeps a run from being trained while it is mended: others see a claim that does not expire before
// its process is dead or `kClaimPatience` is over.
class MendingClaim {
 public:
  MendingClaim(const StudyFolder& folder, const std::string& id) : path_(folder.claim(id)) {
    if (!publish_once(path_, claim_text({.process = this_process()})))
      throw WorkError("cannot mend run " + id + " (somebody has just begun to train it); stop " +
                      "that and repair again");
  }
  ~MendingClaim() {
    const auto claim = read_claim(path_);
    if (!claim || claim->process != this_process()) return;  // taken over meanwhile
    std::error_code ignored;
    fs::remove(path_, ignored);
  }
  MendingClaim(const MendingClaim&) = delete;
  MendingClaim& operator=(const MendingClaim&) = delete;

 private:
  fs::path path_;
};

void apply(const RepairAction& action) {
  switch (action.kind) {
    case RepairKind::Remove:
      fs::remove_all(action.path);
      break;
    case RepairKind::Cut:
      cut_torn_tail(action.path);
      break;
    case RepairKind::SetAside:
      set_aside(action.path);
      break;
    case RepairKind::Rebuild:
      write_run_file(action.path, *action.record);
      break;
  }
}

// Claims first.
std::vector<RepairAction> leftover_repairs(const Leftovers& leftovers) {
  std::vector<RepairAction> actions;
  for (const fs::path& path : leftovers.claims)
    actions.push_back({RepairKind::Remove,
                       path,
                       "claim of a process that is no more",
                       "nobody waits for it",
                       {}});
  for (const fs::path& path : leftovers.temporaries)
    actions.push_back({RepairKind::Remove,
                       path,
                       "temporary file of a process that is no more",
                       "nobody misses it",
                       {}});
  return actions;
}

void add_token_repairs(const StudyFolder& folder, std::vector<RepairAction>& actions) {
  for (const fs::path& path : files_in(folder.data())) {
    if (path.extension() != ".bin" || is_temporary(path) || is_set_aside(path)) continue;
    try {
      check_token_file(path);
    } catch (...) {
      const ReadProblem problem = read_problem(path);
      if (problem.unread) continue;
      actions.push_back({RepairKind::SetAside,
                         path,
                         problem.text,
                         "`run` prepares the tokens again from the text",
                         {}});
    }
  }
}

void add_makespan_repair(const StudyFolder& folder, std::vector<RepairAction>& actions) {
  const fs::path path = folder.makespan_file();
  try {
    read_study_makespan(folder);
  } catch (...) {
    const ReadProblem problem = read_problem(path);
    if (problem.unread) return;
    actions.push_back({RepairKind::SetAside,
                       path,
                       problem.text,
                       "`report` says nothing of how long the study took",
                       {}});
  }
}

void add_score_repairs(const StudyFolder& folder, std::vector<RepairAction>& actions) {
  for (const fs::path& path : task_scores_files(folder)) {
    try {
      check_task_scores(folder, path);
    } catch (...) {
      const ReadProblem problem = read_problem(path);
      if (problem.unread) continue;
      actions.push_back(
          {RepairKind::SetAside, path, problem.text, "`eval` scores the model again", {}});
    }
  }
}

// A decision rests on what the runs hold once they are mended.
void add_decision_repairs(const StudyFolder& folder, const std::map<std::string, RunSummary>& runs,
                          std::vector<RepairAction>& actions) {
  std::set<fs::path> done;
  for (const Finding& finding : decision_problems(folder, runs))
    if (finding.severity == Severity::Damage && done.insert(finding.path).second)
      actions.push_back({RepairKind::SetAside,
                         finding.path,
                         finding.problem,
                         "`run` decides again from the same losses",
                         {}});
}

void apply_all(std::span<const RepairAction> actions) {
  for (const RepairAction& action : actions) apply(action);
}

// Planned under the claim: what was seen before it may have been another process's work.
RunRepair mend_run(const StudyFolder& folder, const std::string& id) {
  const MendingClaim claim(folder, id);
  RunRepair repair = run_repair(folder, id);
  apply_all(repair.actions);
  return repair;
}

}  // namespace

std::string_view repair_name(RepairKind kind) {
  switch (kind) {
    case RepairKind::Remove:
      return "remove";
    case RepairKind::Cut:
      return "cut";
    case RepairKind::SetAside:
      return "set aside";
    case RepairKind::Rebuild:
      return "rebuild";
  }
  return "unknown";
}

Repair repair_study(const StudyFolder& folder, bool dry_run, std::chrono::milliseconds patience) {
  if (!fs::is_directory(folder.root))
    throw InputError("cannot repair " + folder.root.string() +
                     " (no such folder); give the folder that a study was run in");
  const std::vector<std::string> ids = run_ids(folder);
  if (!fs::is_regular_file(folder.study_file()) && std::ranges::none_of(ids, is_run_id))
    throw InputError("cannot repair " + folder.root.string() +
                     " (no study folder: it has neither study.yaml nor a run); give the folder "
                     "that a study was run in");
  ClaimObserver observer(patience);
  const Leftovers leftovers = wait_for_quiet(folder, observer, patience);
  Repair repair{leftover_repairs(leftovers), {}};
  add_token_repairs(folder, repair.actions);
  add_score_repairs(folder, repair.actions);
  add_makespan_repair(folder, repair.actions);
  if (!dry_run) {
    for (const fs::path& path : leftovers.claims) observer.remove_expired(path);
    apply_all(std::span(repair.actions).subspan(leftovers.claims.size()));
  }
  std::map<std::string, RunSummary> runs;
  for (const std::string& id : ids) {
    if (!is_run_id(id)) continue;
    RunRepair run = run_repair(folder, id);
    if (!dry_run && !run.actions.empty()) run = mend_run(folder, id);
    RunSummary summary = summary_of(run.record ? &*run.record : nullptr);
    summary.known = run.known;
    runs.emplace(id, std::move(summary));
    std::ranges::move(run.actions, std::back_inserter(repair.actions));
  }
  const std::size_t before_decisions = repair.actions.size();
  add_decision_repairs(folder, runs, repair.actions);
  if (!dry_run) apply_all(std::span(repair.actions).subspan(before_decisions));
  std::set<fs::path> mended;
  if (dry_run)
    for (const RepairAction& action : repair.actions) mended.insert(action.path);
  for (Finding& finding : verify_study(folder))
    if (finding.severity != Severity::Note && !mended.contains(finding.path))
      repair.left.push_back(std::move(finding));
  return repair;
}

}  // namespace isoloss
