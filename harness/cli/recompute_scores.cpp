#include "harness/cli/recompute_scores.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "harness/cli/score_listing.h"
#include "harness/oneshot/metrics.h"
#include "harness/oneshot/study_card.h"
#include "harness/oneshot/task_card.h"
#include "harness/study/study_outcome.h"
#include "model/spec/error.h"
#include "results/folder_entries.h"
#include "results/task_scores_file.h"

namespace isoloss {
namespace {

namespace fs = std::filesystem;

// The cards that scores were made by, each profile read when it is first wanted.
class StoredCards {
 public:
  explicit StoredCards(const CommandLine& line)
      : folder_(line.has("tasks") ? line.get<std::string>("tasks") : "") {}

  // InputError where the card is not there, or not the one that scored.
  TaskCard card_of(const TaskScores& scores) {
    if (scores.profile == kStudyProfile)
      return checked(study_card(scores.task, scores.chance), scores);
    if (scores.profile == "own" && folder_.empty())
      throw InputError(scores.task +
                       " was scored by a card of your own (its rules are not stored); name its "
                       "folder by --tasks");
    const auto [known, fresh] = cards_.try_emplace(scores.profile);
    if (fresh)
      for (TaskCard& card :
           scores.profile == "own" ? cards_in(folder_) : built_in_cards(scores.profile))
        known->second.emplace(card.task, std::move(card));
    const auto card = known->second.find(scores.task);
    if (card == known->second.end())
      throw InputError(
          fmt::format("{} ({}) has no card any more; score it again", scores.task, scores.profile));
    return checked(card->second, scores);
  }

 private:
  static TaskCard checked(TaskCard card, const TaskScores& scores) {
    if (card.digest != scores.card_digest)
      throw InputError(fmt::format(
          "{} ({}) was scored by another version of its card (its prompts may differ); score it "
          "again",
          scores.task, scores.profile));
    return card;
  }

  std::string folder_;
  std::map<std::string, std::map<std::string, TaskCard>> cards_;  // by profile and task
};

std::vector<fs::path> stored_files(const fs::path& folder) {
  const StudyFolder study{folder};
  std::vector<fs::path> files;
  if (fs::is_directory(study.scores())) {
    files = task_scores_files(study);
  } else if (fs::is_directory(folder)) {
    for (const fs::path& file : files_in(folder))
      if (file.extension() == ".h5") files.push_back(file);
  }
  if (files.empty())
    throw InputError(folder.string() +
                     ": no stored scores (neither a study's folder scores nor files of eval --out "
                     "are there); score models first");
  return files;
}

void refuse_other_options(const CommandLine& line) {
  if (!line.has("DIR"))
    throw InputError(
        "--recompute names no folder (where scores are stored); give a study's, or one of eval "
        "--out");
  for (const char* other :
       {"model", "data", "text", "tokens", "limit", "show", "out", "ranks", "launcher"})
    if (line.given(other))
      throw InputError(fmt::format(
          "--recompute and --{} are both given (stored rows alone are read); leave out one",
          other));
}

bool wanted(const CommandLine& line, const TaskScores& scores) {
  if (!line.has("task")) return true;
  const auto names = line.get<std::vector<std::string>>("task");
  return std::ranges::find(names, scores.task) != names.end();
}

}  // namespace

int recompute_scores(const CommandLine& line) {
  refuse_other_options(line);
  const std::vector<fs::path> files = stored_files(line.get<std::string>("DIR"));
  StoredCards cards(line);
  ScoreListing listing(line.has("json"),
                       fs::is_directory(StudyFolder{line.get<std::string>("DIR")}.scores()));
  listing.begin();
  bool failed = false;
  for (const fs::path& file : files) {
    try {
      const TaskScores stored = read_task_scores(file);
      if (!wanted(line, stored)) continue;
      TaskScores scores = stored;
      compute_metrics(cards.card_of(stored), scores);
      if (scores != stored) {
        write_task_scores(file, scores);
        fmt::print(stderr, "isoloss: {}: its metrics were others, and were replaced\n",
                   file.string());
      }
      listing.add(scores);
    } catch (const InputError& error) {
      failed = true;
      fmt::print(stderr, "isoloss: {}: {}\n", file.string(), error.what());
    }
  }
  listing.end();
  return failed ? kExitFailed : kExitDone;
}

}  // namespace isoloss
