// What must hold of a study folder at any moment, whoever was killed in it, and of a finished one
// beside the folder of the same study undisturbed.
#pragma once
#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "results/run_record.h"
#include "results/study_folder.h"

namespace isoloss::chaos {

enum class FaultKind {
  Unreadable,  // a file that a reader rejects, or that verify calls damaged
  Lost,        // metrics or checkpoints that were stored and are no more
  Twice,       // a step or an evaluation that comes twice
  Different    // a number that is not the undisturbed study's, bit for bit
};
inline constexpr std::array<std::string_view, 4> kFaultNames = {
    "unreadable files", "metrics lost before the last checkpoint", "steps twice",
    "numbers that differ from the undisturbed study's"};

struct Fault {
  FaultKind kind;
  std::string what;
};

class FolderChecks {
 public:
  // The undisturbed folder's runs are read once; it must be finished.
  FolderChecks(StudyFolder folder, const StudyFolder& undisturbed);

  // After a kill; others may be training. Remembers how far each run was saved.
  std::vector<Fault> now();
  // After the study's end: what now() finds, and what differs from the undisturbed study.
  std::vector<Fault> at_end();

 private:
  void check_run(const std::string& id, std::vector<Fault>& faults);

  StudyFolder folder_;
  std::map<std::string, RunRecord> undisturbed_;
  std::map<std::string, std::int64_t> last_checkpoint_;  // of the undisturbed runs: its step
  std::vector<Decision> decisions_;
  std::map<std::string, std::int64_t> saved_;  // step of the newest checkpoint seen of each run
};

}  // namespace isoloss::chaos
