#include "sweeps/study_view.h"

#include <algorithm>
#include <map>

namespace isoloss {

StudyView::StudyView(const StudyPlan& plan, std::span<const RunProgress> progress,
                     std::span<const SearchDecision> decisions)
    : plan_(plan), progress_(plan.runs.size()), decisions_(plan.searches.size(), nullptr) {
  static const RunProgress kNotBegun{};
  std::map<std::string, std::size_t> runs;
  for (std::size_t i = 0; i < plan.runs.size(); ++i) {
    runs.emplace(plan.runs[i].id, i);
    progress_[i] = &kNotBegun;
  }
  for (const RunProgress& known : progress)
    if (const auto found = runs.find(known.id); found != runs.end())
      progress_[found->second] = &known;
  std::map<std::string, const SearchDecision*> by_key;
  for (const SearchDecision& decision : decisions) by_key.emplace(decision.key, &decision);
  for (std::size_t s = 0; s < plan.searches.size(); ++s)
    if (const auto found = by_key.find(plan.searches[s].key); found != by_key.end())
      decisions_[s] = found->second;
}

bool StudyView::quarantined(std::size_t run) const {
  const RunProgress& known = progress(run);
  return !known.diverged && (known.unusable || known.failed_attempts >= kAttemptsBeforeQuarantine);
}

bool StudyView::evaluated(std::size_t run, const std::vector<std::int64_t>& steps) const {
  return std::ranges::all_of(steps, [&](std::int64_t step) { return evaluated(run, step); });
}

std::size_t StudyView::run_named(const std::vector<std::size_t>& among,
                                 const std::string& id) const {
  for (const std::size_t run : among)
    if (plan_.runs[run].id == id) return run;
  return kNoRun;
}

std::size_t StudyView::run_of(const PlannedTrial& trial) const {
  if (!trial.search) return trial.run;
  const SearchDecision* decided = decision(*trial.search);
  if (decided == nullptr) return kNoRun;
  const PlannedSearch& search = plan_.searches[*trial.search];
  for (std::size_t i = 0; i < search.arms.size(); ++i)
    if (plan_.runs[search.arms[i]].id == decided->winner) return trial.candidates[i];
  return kNoRun;
}

}  // namespace isoloss
