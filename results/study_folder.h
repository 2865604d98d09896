// Where things lie in a study folder. No central index: a study is the sum of its files.
//   study.yaml                 the study file as it was last run; its name identifies the study
//   makespan.json              how long it was predicted to take, and took (study_makespan.h)
//   stop                       made by hand: everybody saves and stops, and nobody starts
//   data/                      prepared tokens
//   runs/ID/run.h5             the run, whole or absent (run_file.h)
//   runs/ID/journal            metrics since the last checkpoint (journal.h)
//   runs/ID/checkpoint-STEP    weights, optimizer state and counters; .kept for branches
//   runs/ID/claim              who trains it now; claim-RANK: with whom (helper_claims.h)
//   runs/ID/again/             checkpoints of a run that is trained from its start once more
//   runs/ID/attempt-N.json     why an attempt failed
//   decisions/KEY.json         what a learning-rate search decided
//   scores/TRIAL/*.h5          what a model scored on a one-shot task (task_scores_file.h)
//   ranks/NAME.json            what a rank is doing, for progress and status
//   ranks/NAME.claim           that a rank of a job lives (rank_claims.h)
//   logs/HOST-rank-N.log       what a rank did, for people; older ones end in .1 to .3
#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "results/decision.h"
#include "results/run_record.h"

namespace isoloss {

struct StudyFolder {
  std::filesystem::path root;

  std::filesystem::path study_file() const { return root / "study.yaml"; }
  std::filesystem::path makespan_file() const { return root / "makespan.json"; }
  std::filesystem::path stop_file() const { return root / "stop"; }
  std::filesystem::path data() const { return root / "data"; }
  std::filesystem::path runs() const { return root / "runs"; }
  std::filesystem::path run(const std::string& id) const { return runs() / id; }
  std::filesystem::path run_file(const std::string& id) const { return run(id) / "run.h5"; }
  std::filesystem::path journal(const std::string& id) const { return run(id) / "journal"; }
  std::filesystem::path again(const std::string& id) const { return run(id) / "again"; }
  std::filesystem::path claim(const std::string& id) const { return run(id) / "claim"; }
  std::filesystem::path decisions() const { return root / "decisions"; }
  std::filesystem::path decision(const std::string& key) const {
    return decisions() / (key + ".json");
  }
  std::filesystem::path scores() const { return root / "scores"; }
  std::filesystem::path ranks() const { return root / "ranks"; }
  std::filesystem::path logs() const { return root / "logs"; }
};

// Whether a folder of that name can be a run's.
bool is_run_id(const std::string& name);

// Ids of the runs that have a folder, sorted; none where the study has not begun.
std::vector<std::string> run_ids(const StudyFolder& folder);

// A run as the files say: run.h5 with the journal's later events added; absent where neither is
// there yet. Throws InputError naming the file where one is damaged or foreign.
std::optional<RunRecord> read_run(const StudyFolder& folder, const std::string& id);

// Decisions sorted by key. InputError naming the file where one is damaged.
std::vector<Decision> read_decisions(const StudyFolder& folder);
// Writes one by link, without replacing: the first writer wins and all writers agree. InputError
// where the key cannot be a file's name.
void publish_decision(const StudyFolder& folder, const Decision& decision);

struct FailedAttempt {
  int attempt = 0;
  std::string reason;

  bool operator==(const FailedAttempt&) const = default;
};
// One attempt-N.json; InputError naming it where it is damaged or says another number.
FailedAttempt read_attempt(const std::filesystem::path& path);
// Attempts of a run by number.
std::vector<FailedAttempt> read_attempts(const StudyFolder& folder, const std::string& id);
// Writes the next attempt-N.json; two writers at once get two numbers.
void record_attempt(const StudyFolder& folder, const std::string& id, const std::string& reason);
// The number that the next attempt gets.
int next_attempt(const StudyFolder& folder, const std::string& id);
// Writes that of this number, unless somebody has: ranks that fail together, each on its own, have
// failed once.
void record_attempt(const StudyFolder& folder, const std::string& id, const std::string& reason,
                    int attempt);

// N of a path attempt-N.json; absent for any other name.
std::optional<int> attempt_number(const std::filesystem::path& path);

}  // namespace isoloss
