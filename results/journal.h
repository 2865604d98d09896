// The append-only journal of a run in training: a header, then frames (length, XXH3-64 of the
// payload, payload in CBOR), one event each. A torn tail is what a killed process leaves; readers
// stop before it and the writer cuts it off.
#pragma once
#include <cstdint>
#include <filesystem>
#include <variant>
#include <vector>

#include "results/run_record.h"

namespace isoloss {

// The run's end is an event too.
struct RunEnd {
  RunState state = RunState::Finished;
  std::string reason;
};
using RunEvent = std::variant<StepMetrics, Evaluation, Score, RunEnd>;

class JournalWriter {
 public:
  // Opens or creates the journal. Events of steps after `keep_until_step` and a torn tail are cut.
  JournalWriter(const std::filesystem::path& path, const RunHeader& header,
                std::int64_t keep_until_step);
  ~JournalWriter();
  JournalWriter(const JournalWriter&) = delete;
  JournalWriter& operator=(const JournalWriter&) = delete;

  // Buffered; at most `flush` later on disk. WorkError on a full disk.
  void append(const RunEvent& event);
  void flush();  // write and fsync

 private:
  int file_ = -1;
  std::filesystem::path path_;
  std::string buffer_;
};

// All whole frames; the header and events in order. InputError where the file is missing or
// foreign.
struct JournalContent {
  RunHeader header;
  std::vector<RunEvent> events;
};
JournalContent read_journal(const std::filesystem::path& path);

// Appends events to a record, replacing nothing; the caller keeps order.
void apply_events(RunRecord& record, const std::vector<RunEvent>& events);

}  // namespace isoloss
