#include "tests/chaos/folder_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <iterator>
#include <set>
#include <tuple>
#include <utility>

#include "results/checkpoint_names.h"
#include "results/run_difference.h"
#include "results/verify.h"

namespace isoloss::chaos {
namespace {

using Place = std::tuple<std::int64_t, double, std::string>;
Place place_of(const Evaluation& evaluation) {
  return {evaluation.step, evaluation.budget, evaluation.budget_unit};
}
Place place_of(const Score& score) { return {score.step, 0, score.task + " " + score.metric}; }

// 0 where there is none.
std::int64_t newest_checkpoint(const StudyFolder& folder, const std::string& id) {
  const auto steps = checkpoint_steps(folder.run(id));
  return steps.empty() ? 0 : steps.back();
}

// What both lists must have in common: all of `whole` before step `saved`, and nothing twice.
template <typename Event>
void check_events(const std::string& id, const char* what, const std::vector<Event>& found,
                  const std::vector<Event>& whole, std::int64_t saved, std::vector<Fault>& faults) {
  std::set<Place> places;
  for (const Event& event : found)
    if (!places.insert(place_of(event)).second)
      faults.push_back({FaultKind::Twice, fmt::format("run {}: the {} of step {} comes twice", id,
                                                      what, event.step)});
  for (const Event& event : whole)
    if (event.step < saved && !places.contains(place_of(event)))
      faults.push_back({FaultKind::Lost, fmt::format("run {}: the {} of step {} is missing, saved "
                                                     "to step {}",
                                                     id, what, event.step, saved)});
}

}  // namespace

FolderChecks::FolderChecks(StudyFolder folder, const StudyFolder& undisturbed)
    : folder_(std::move(folder)), decisions_(read_decisions(undisturbed)) {
  for (const std::string& id : run_ids(undisturbed))
    if (const auto record = read_run(undisturbed, id)) {
      undisturbed_.emplace(id, *record);
      last_checkpoint_[id] = newest_checkpoint(undisturbed, id);
    }
}

void FolderChecks::check_run(const std::string& id, std::vector<Fault>& faults) {
  // Checkpoints first: who trains on meanwhile only adds to what must be there.
  const std::int64_t saved = newest_checkpoint(folder_, id);
  const auto record = read_run(folder_, id);
  const auto known = undisturbed_.find(id);
  if (known == undisturbed_.end()) {
    faults.push_back(
        {FaultKind::Different, fmt::format("run {} is not in the undisturbed study", id)});
    return;
  }
  const RunRecord& whole = known->second;
  std::int64_t& before = saved_[id];
  if (saved < before)
    faults.push_back({FaultKind::Lost, fmt::format("run {}: saved to step {}, and to {} before", id,
                                                   saved, before)});
  before = std::max(before, saved);
  if (last_step(record) < saved)
    faults.push_back({FaultKind::Lost, fmt::format("run {}: its curve ends at step {}, saved to {}",
                                                   id, last_step(record), saved)});
  if (!record) return;
  if (saved > 0 && !record->steps.empty() && record->steps.front().step != 1)
    faults.push_back({FaultKind::Lost, fmt::format("run {}: its curve begins at step {}", id,
                                                   record->steps.front().step)});
  for (std::size_t i = 1; i < record->steps.size(); ++i) {
    const std::int64_t gap = record->steps[i].step - record->steps[i - 1].step;
    if (gap == 1) continue;
    faults.push_back({gap < 1 ? FaultKind::Twice : FaultKind::Lost,
                      fmt::format("run {}: step {} follows step {}", id, record->steps[i].step,
                                  record->steps[i - 1].step)});
  }
  check_events(id, "evaluation", record->evaluations, whole.evaluations, saved, faults);
  check_events(id, "score", record->scores, whole.scores, saved, faults);
  if (const std::string difference = first_difference(*record, whole); !difference.empty())
    faults.push_back({FaultKind::Different, fmt::format("run {}: {}", id, difference)});
}

std::vector<Fault> FolderChecks::now() {
  std::vector<Fault> faults;
  // Killed before it had made the folder.
  if (!std::filesystem::exists(folder_.study_file())) return faults;
  try {
    for (const Finding& finding : verify_study(folder_))
      if (!is_harmless(finding.severity))
        faults.push_back({FaultKind::Unreadable, finding.path.string() + ": " + finding.problem});
    for (const std::string& id : run_ids(folder_)) check_run(id, faults);
  } catch (const std::exception& problem) {
    faults.push_back({FaultKind::Unreadable, problem.what()});
  }
  return faults;
}

std::vector<Fault> FolderChecks::at_end() {
  std::vector<Fault> faults = now();
  const auto differ = [&](const std::string& what) {
    faults.push_back({FaultKind::Different, what});
  };
  try {
    if (run_ids(folder_).size() != undisturbed_.size()) differ("other runs were trained");
    if (read_decisions(folder_) != decisions_) differ("other learning rates were chosen");
    for (const auto& [id, whole] : undisturbed_) {
      const RunRecord found = read_run(folder_, id).value_or(RunRecord{});
      // A trunk whose rank was killed twice within a start is given up; its branches, whose numbers
      // are the study's, then begin from what it had saved, and nobody needs the rest of it.
      if (whole.state == RunState::Trunk && found.state == RunState::Running) continue;
      if (found.steps.size() != whole.steps.size() ||
          found.evaluations.size() != whole.evaluations.size() ||
          found.scores.size() != whole.scores.size() || found.state != whole.state)
        differ(
            fmt::format("run {}: {} steps, {} evaluations, {} scores, {}; undisturbed {}, {}, "
                        "{}, {}",
                        id, found.steps.size(), found.evaluations.size(), found.scores.size(),
                        state_name(found.state), whole.steps.size(), whole.evaluations.size(),
                        whole.scores.size(), state_name(whole.state)));
      if (const std::int64_t saved = newest_checkpoint(folder_, id); saved != last_checkpoint_[id])
        faults.push_back({FaultKind::Lost, fmt::format("run {}: its last checkpoint is of step {}, "
                                                       "undisturbed of step {}",
                                                       id, saved, last_checkpoint_[id])});
    }
  } catch (const std::exception& problem) {
    faults.push_back({FaultKind::Unreadable, problem.what()});
  }
  return faults;
}

}  // namespace isoloss::chaos
