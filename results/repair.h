// Mends a study folder after a crash, a full disk or a bad copy, without inventing a number: what
// is damaged is cut where it is still whole, rebuilt from a journal that holds all of it, or set
// aside (set_aside.h) so that `run` trains or decides it again. Nothing but leftovers is deleted,
// and what could not be read (unread_error.h) stays with all that rests on it.
#pragma once
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "results/claim_observer.h"
#include "results/run_record.h"
#include "results/study_folder.h"
#include "results/verify.h"

namespace isoloss {

enum class RepairKind {
  Remove,    // a leftover of a dead process
  Cut,       // the torn tail of a journal
  SetAside,  // renamed; no reader takes it for the file it was
  Rebuild    // a run file from the run's journal
};

// remove, cut, set aside or rebuild.
std::string_view repair_name(RepairKind kind);

struct RepairAction {
  RepairKind kind = RepairKind::SetAside;
  std::filesystem::path path;
  std::string problem;              // what was wrong
  std::string effect;               // what follows
  std::optional<RunRecord> record;  // of Rebuild
};

struct Repair {
  std::vector<RepairAction> actions;  // in the order in which they are done
  std::vector<Finding> left;          // what stays wrong; notes are left out
};

// Mends the folder, or with `dry_run` says what it would do and changes nothing. Doing it twice
// does it once. WorkError where somebody trains the folder (who cannot be known to be dead is
// watched for `patience`), InputError where that is no study folder.
Repair repair_study(const StudyFolder& folder, bool dry_run,
                    std::chrono::milliseconds patience = kClaimPatience);

// What is to be done in one run's folder, leftovers apart, and the record that is there afterwards.
struct RunRepair {
  std::vector<RepairAction> actions;
  std::optional<RunRecord> record;
  bool known = true;  // nothing of it is unread; otherwise there is no record
};
RunRepair run_repair(const StudyFolder& folder, const std::string& id);

}  // namespace isoloss
