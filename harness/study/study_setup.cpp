#include "harness/study/study_setup.h"

#include <fmt/format.h>
#include <fnmatch.h>

#include <cstdio>
#include <filesystem>
#include <map>
#include <system_error>

#include "harness/scoring/study_cards.h"
#include "harness/study/study_file_update.h"
#include "model/spec/error.h"
#include "model/spec/tell.h"
#include "model/yaml/yaml_view.h"
#include "sweeps/study_data.h"

namespace isoloss {
namespace {

bool matches(const std::string& pattern, const std::string& text) {
  return ::fnmatch(pattern.c_str(), text.c_str(), 0) == 0;
}

}  // namespace

void check_device(const Study& study, const TrainingDevices* devices) {
  if (study.device != "cuda" || devices != nullptr) return;
  fail_at(study.file.string(), study.lines.at("run.device"), "run.device",
          "cuda (this isoloss was built without CUDA and trains on the processor alone); build it "
          "with the preset cuda, or write auto or cpu");
}

void check_data(const Study& study) {
  if (!tokens_are_absent(study.base.data)) return;
  throw InputError(fmt::format(
      "{}: data.tokens: no folder '{}' (nothing to train on); make it by `isoloss data prepare "
      "TEXT... --tokenizer FILE.model --vocabulary {} --out DIR` and name DIR here",
      study.file.string(), study.base.data.files[0], study.vocabulary));
}

std::vector<std::string> check_cards(const Study& study) {
  return study_cards(study.base.evaluation).left_out;
}

void tell_left_out(const std::vector<std::string>& tasks) {
  for (const std::string& task : tasks) tell(fmt::format("not scored: {}", task));
}

void prepare_study_folder(const StudyFolder& folder, const Study& study) {
  std::error_code failure;
  for (const auto& path :
       {folder.root, folder.data(), folder.runs(), folder.decisions(), folder.ranks()}) {
    std::filesystem::create_directories(path, failure);
    if (failure) {
      throw InputError(fmt::format("cannot make the folder {} ({}); name another one with --out",
                                   path.string(), failure.message()));
    }
  }
  store_study_file(folder, study);
}

void check_still_there(const StudyFolder& folder) {
  std::error_code unseen;  // a file system that does not answer has lost nothing
  if (std::filesystem::exists(folder.study_file(), unseen) || unseen) return;
  throw WorkError(fmt::format(
      "{} is gone (the study folder was moved or removed while it was trained); put it back, or "
      "name its new place with --out, and run again",
      folder.study_file().string()));
}

void forget_attempts(const StudyFolder& folder) {
  for (const std::string& id : run_ids(folder)) {
    for (const auto& entry : std::filesystem::directory_iterator(folder.run(id))) {
      if (matches("attempt-*.json", entry.path().filename().string())) {
        std::filesystem::remove(entry.path());
      }
    }
  }
}

StudyPlan restrict_plan(const StudyPlan& plan, const std::string& pattern) {
  if (pattern.empty()) return plan;
  StudyPlan restricted = plan;
  restricted.trials.clear();
  restricted.searches.clear();
  std::map<std::size_t, std::size_t> moved;  // index of a search before -> now
  for (PlannedTrial trial : plan.trials) {
    if (!matches(pattern, trial.id) && !matches(pattern, plan.runs[trial.run].id) &&
        !matches(pattern, trial.architecture) && !matches(pattern, trial.size)) {
      continue;
    }
    if (trial.search) {
      const auto [place, fresh] = moved.try_emplace(*trial.search, restricted.searches.size());
      if (fresh) restricted.searches.push_back(plan.searches[*trial.search]);
      trial.search = place->second;
    }
    restricted.trials.push_back(std::move(trial));
  }
  if (restricted.trials.empty()) {
    throw InputError(
        fmt::format("--only {} matches no trial (trial ids, run ids, architectures and sizes are "
                    "compared); see "
                    "`isoloss plan`",
                    pattern));
  }
  return restricted;
}

}  // namespace isoloss
