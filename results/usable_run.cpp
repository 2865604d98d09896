#include "results/usable_run.h"

#include <filesystem>

#include "model/spec/error.h"
#include "results/journal.h"
#include "results/run_file.h"
#include "results/unread_error.h"

namespace isoloss {

namespace fs = std::filesystem;

namespace {

using Warn = std::function<void(const std::string&)>;

void check_belongs(const RunHeader& header, const std::string& id, const fs::path& path) {
  if (header.id != id)
    throw InputError("cannot take " + path.string() + " (it holds run " + header.id +
                     ", its folder is " + id + "); move it back or remove it");
}

// Of "problem (why); what to do".
std::string problem_alone(const std::string& message) {
  return message.substr(0, message.rfind("; "));
}

// Absent where there is none, or `warn` was told that it is damaged.
std::optional<JournalContent> journal_of(const fs::path& path, const std::string& id,
                                         const Warn& warn) {
  try {
    if (!fs::exists(path)) return std::nullopt;
    JournalContent journal = read_journal(path);
    check_belongs(journal.header, id, path);
    return journal;
  } catch (const UnreadError&) {
    if (fs::exists(path)) throw;  // otherwise it was removed meanwhile
  } catch (const InputError& damage) {
    if (!fs::exists(path)) return std::nullopt;
    if (!warn) throw;
    warn(problem_alone(damage.what()));
  }
  return std::nullopt;
}

std::optional<RunRecord> record_of(const StudyFolder& folder, const std::string& id,
                                   const Warn& warn) {
  // The journal first: a run that ends meanwhile writes its run file and then removes the journal.
  const std::optional<JournalContent> journal = journal_of(folder.journal(id), id, warn);
  std::optional<RunRecord> record;
  if (fs::exists(folder.run_file(id))) {
    record = read_run_file(folder.run_file(id));
    check_belongs(record->header, id, folder.run_file(id));
  }
  if (journal) {
    if (!record) record.emplace().header = journal->header;
    add_later_events(*record, journal->events);
  }
  return record;
}

}  // namespace

std::optional<RunRecord> read_run(const StudyFolder& folder, const std::string& id) {
  return record_of(folder, id, nullptr);
}

std::optional<RunRecord> read_usable_run(const StudyFolder& folder, const std::string& id,
                                         const std::function<void(const std::string&)>& warn) {
  return record_of(folder, id, warn);
}

}  // namespace isoloss
