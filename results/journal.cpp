#include "results/journal.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <new>
#include <optional>
#include <stdexcept>

#include "model/spec/error.h"
#include "results/durable_file.h"
#include "results/journal_frames.h"
#include "results/run_event_cbor.h"

namespace isoloss {

namespace {

// Absent for the run's end.
std::optional<std::int64_t> step_of(const RunEvent& event) {
  return std::visit(
      [](const auto& e) -> std::optional<std::int64_t> {
        if constexpr (requires { e.step; })
          return e.step;
        else
          return std::nullopt;
      },
      event);
}

struct ParsedFrames {
  JournalContent content;
  std::vector<std::size_t> begins;  // offset of each event's frame
  std::size_t whole_bytes = 0;
};

ParsedFrames parse(std::string_view bytes, const std::filesystem::path& path) {
  const FrameScan scan = scan_frames(bytes, path);
  ParsedFrames parsed;
  parsed.whole_bytes = scan.whole_bytes;
  parsed.content.torn_bytes = bytes.size() - scan.whole_bytes;
  try {
    if (scan.frames.empty()) throw std::runtime_error("its header is missing");
    parsed.content.header = header_from_cbor(scan.frames.front().payload);
    for (auto frame = scan.frames.begin() + 1; frame != scan.frames.end(); ++frame) {
      parsed.content.events.push_back(event_from_cbor(frame->payload));
      parsed.begins.push_back(frame->begin);
    }
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception& error) {
    throw InputError("cannot read " + path.string() + " (" + error.what() +
                     "); remove it and run again");
  }
  return parsed;
}

// How many events stay when training goes on after `keep_until_step`.
std::size_t kept_events(const std::vector<RunEvent>& events, std::int64_t keep_until_step,
                        bool keep_measured) {
  const auto cut = std::find_if(events.begin(), events.end(), [&](const RunEvent& event) {
    const std::optional<std::int64_t> step = step_of(event);
    return !step || *step > keep_until_step ||
           (!keep_measured && *step == keep_until_step &&
            !std::holds_alternative<StepMetrics>(event));
  });
  return static_cast<std::size_t>(cut - events.begin());
}

void write_new_journal(const std::filesystem::path& path, const RunHeader& header) {
  std::string bytes = journal_preamble();
  append_frame(bytes, header_to_cbor(header));
  // Whole or absent, so that every journal has its header.
  write_durably(path, bytes);
}

}  // namespace

JournalWriter::JournalWriter(const std::filesystem::path& path, const RunHeader& header,
                             std::int64_t keep_until_step, bool keep_measured)
    : path_(path) {
  std::optional<std::size_t> cut;
  if (std::filesystem::exists(path)) {
    const std::string bytes = read_file(path);
    const ParsedFrames parsed = parse(bytes, path);
    if (parsed.content.header.id != header.id)
      throw InputError("cannot go on with " + path.string() + " (it belongs to run " +
                       parsed.content.header.id + ", not " + header.id +
                       "); remove it and run again");
    const std::size_t kept = kept_events(parsed.content.events, keep_until_step, keep_measured);
    if (kept > 0) cut = kept < parsed.begins.size() ? parsed.begins[kept] : parsed.whole_bytes;
  }
  if (!cut) write_new_journal(path, header);
  file_ = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (file_ < 0) throw_write_error(path, errno);
  const ::off_t end = cut ? static_cast<::off_t>(*cut) : ::lseek(file_, 0, SEEK_END);
  if (end < 0 || ::ftruncate(file_, end) != 0 || ::lseek(file_, end, SEEK_SET) != end ||
      ::fsync(file_) != 0) {
    const int error_number = errno;
    ::close(file_);
    throw_write_error(path, error_number);
  }
  whole_bytes_ = end;
}

JournalWriter::~JournalWriter() { ::close(file_); }

void JournalWriter::append(const RunEvent& event) { append_frame(buffer_, event_to_cbor(event)); }

void JournalWriter::flush() {
  try {
    write_all(file_, path_, buffer_);
    if (::fsync(file_) != 0) throw_write_error(path_, errno);
  } catch (const WorkError&) {
    // A half-written frame must not stand before later ones. Should even this fail, readers take
    // it for a torn tail.
    if (::ftruncate(file_, whole_bytes_) == 0) ::lseek(file_, whole_bytes_, SEEK_SET);
    throw;
  }
  whole_bytes_ += static_cast<std::int64_t>(buffer_.size());
  buffer_.clear();
}

JournalContent read_journal(const std::filesystem::path& path) {
  const std::string bytes = read_file(path);
  return parse(bytes, path).content;
}

void cut_torn_tail(const std::filesystem::path& path) {
  const std::string bytes = read_file(path);
  const std::size_t whole = parse(bytes, path).whole_bytes;
  if (whole < bytes.size()) write_durably(path, std::string_view(bytes).substr(0, whole));
}

}  // namespace isoloss
