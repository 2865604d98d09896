// Checks every file of a study folder: run files, journals, checkpoints, claims, attempts,
// decisions and prepared tokens, each for itself and against each other; names leftovers of killed
// processes and files that are no part of a study.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "results/study_folder.h"

namespace isoloss {

enum class Severity {
  Note,     // harmless: the torn tail of a run that was killed, a leftover temporary
  Warning,  // not ours: a file that no study has there
  Unread,   // could not be read, or is of another version of isoloss: it may be whole
  Damage    // results are lost or contradict themselves
};

// Whether a folder with such a finding is known to be whole all the same.
bool is_harmless(Severity severity);

// note, warning, unread or damage.
std::string_view severity_name(Severity severity);

struct Finding {
  std::filesystem::path path;
  std::string problem;  // "problem (why); what to do"
  Severity severity = Severity::Note;

  bool operator==(const Finding&) const = default;
};

// All findings by path; none where everything is whole. InputError where there is no such folder or
// one in it cannot be read.
std::vector<Finding> verify_study(const StudyFolder& folder);

// What contradicts itself inside a record: steps that are missing, come twice or are out of order,
// a curve that begins elsewhere than at `first_step`, evaluations that come twice or lie past it, a
// loss that is not the mean of its sequences, a finished run without evaluations. Empty where
// nothing does.
std::vector<std::string> contradictions(const RunRecord& record, std::int64_t first_step = 1);

}  // namespace isoloss
