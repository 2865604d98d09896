// The append-only journal of a run in training: a header, then frames (length, XXH3-64, payload in
// CBOR), one event each. A torn tail is what a killed process leaves; readers stop before it and
// the writer cuts it off.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <variant>
#include <vector>

#include "results/run_record.h"

namespace isoloss {

// The run's end is an event too.
struct RunEnd {
  RunState state = RunState::Finished;
  std::string reason;

  bool operator==(const RunEnd&) const = default;
};
using RunEvent = std::variant<StepMetrics, Evaluation, Score, RunEnd>;

class JournalWriter {
 public:
  // Opens or creates the journal. Cut are a torn tail and everything from the first event of a step
  // after `keep_until_step` on, or from the run's end on: who opens a journal goes on training.
  // Without `keep_measured` from that step's own evaluations and scores on: they are made anew. The
  // header of the first start stays as long as any event is kept. InputError where the file is
  // foreign, damaged before its tail or of another run.
  JournalWriter(const std::filesystem::path& path, const RunHeader& header,
                std::int64_t keep_until_step, bool keep_measured = true);
  // Drops what was not flushed: who lost the claim on a run must not write to its journal.
  ~JournalWriter();
  JournalWriter(const JournalWriter&) = delete;
  JournalWriter& operator=(const JournalWriter&) = delete;

  // Keeps the event in memory until `flush`.
  void append(const RunEvent& event);
  // Writes and fsyncs what was appended. WorkError on a full disk; the journal then ends at its
  // last whole frame, and the events stay for the next flush.
  void flush();

 private:
  int file_ = -1;
  std::filesystem::path path_;
  std::string buffer_;
  std::int64_t whole_bytes_ = 0;  // on disk; a failed write is cut back to here
};

// All whole frames; the header and events in order. InputError where the file is missing, foreign,
// of another version or damaged before its tail.
struct JournalContent {
  RunHeader header;
  std::vector<RunEvent> events;
  std::size_t torn_bytes = 0;  // after the last whole frame
};
JournalContent read_journal(const std::filesystem::path& path);

// Cuts the torn tail off, durably; nothing to do where there is none. Nobody may be writing.
void cut_torn_tail(const std::filesystem::path& path);

// Appends events to a record, replacing nothing; the caller keeps order. An end sets the state.
void apply_events(RunRecord& record, const std::vector<RunEvent>& events);

// The journal's events as a record of their own, in training: evaluations may lie in the run file
// already, so the end of a journal alone proves nothing.
RunRecord journal_record(const JournalContent& journal);

// Adds the events of a journal that a record read from a run file does not hold yet: steps after
// its last, evaluations (then sorted by step) and scores that are not in it, and the end unless the
// record is ahead.
void add_later_events(RunRecord& record, const std::vector<RunEvent>& events);

}  // namespace isoloss
