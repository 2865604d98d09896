// What lies in a run's folder, each part read for itself: what is whole, and what is wrong with the
// rest. What verify tells and repair goes by.
#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "results/journal.h"
#include "results/run_record.h"
#include "results/study_folder.h"

namespace isoloss {

struct CheckpointPart {
  std::filesystem::path path;
  std::int64_t step = 0;
  bool again = false;   // of a run that is trained from its start once more
  std::string problem;  // empty where it is whole
  bool unread = false;  // the problem is that it could not be read: it may be whole
};

struct RunParts {
  std::optional<RunRecord> file;  // run.h5; absent where it is not there or damaged
  std::vector<std::string> file_problems;
  bool file_unread = false;               // they say that it could not be read: it may be whole
  std::optional<JournalContent> journal;  // likewise
  std::vector<std::string> journal_problems;
  bool journal_unread = false;
  std::vector<CheckpointPart> checkpoints;  // kept ones too, by path
};

// Whether any part could not be read, so that nothing is known of how the others rest on it.
bool any_unread(const RunParts& parts);

RunParts read_run_parts(const StudyFolder& folder, const std::string& id);

// Whether the journal of a run whose schedule has branches begins past step 1 and is all that is
// there of the run's numbers: that of a branch before its first checkpoint, whose steps before it
// are its trunk's.
bool is_new_branch(const RunParts& parts);

// Where the journal's events begin that follow the run file, or the run's start where there is
// none: empty, or the problem that steps between are missing. Empty too for a new branch.
std::string gap_before_journal(const RunParts& parts);

// How far the journal alone tells of the run from its first step on; 0 where it begins later.
std::int64_t steps_from_start(const std::optional<JournalContent>& journal);

}  // namespace isoloss
