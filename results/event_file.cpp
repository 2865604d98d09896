#include "results/event_file.h"

#include <fmt/format.h>

#include <bit>
#include <cstdint>
#include <string_view>
#include <utility>

#include "results/crc32c.h"
#include "results/durable_file.h"
#include "results/file_seal.h"

namespace isoloss {
namespace {

// Protocol Buffers, "Encoding": a key is a field's number and the way its value is stored.
enum class Stored : std::uint32_t { Varint = 0, Fixed64 = 1, Bytes = 2, Fixed32 = 5 };

void append_varint(std::string& message, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) message += static_cast<char>(value | 0x80);
  message += static_cast<char>(value);
}

void append_key(std::string& message, std::uint32_t field, Stored stored) {
  append_varint(message, field << 3 | static_cast<std::uint32_t>(stored));
}

void append_text(std::string& message, std::uint32_t field, std::string_view text) {
  append_key(message, field, Stored::Bytes);
  append_varint(message, text.size());
  message += text;
}

std::string event_head(double wall_time) {
  std::string event;
  append_key(event, 1, Stored::Fixed64);
  append_u64(event, std::bit_cast<std::uint64_t>(wall_time));
  return event;
}

std::uint32_t masked(std::uint32_t crc) { return std::rotr(crc, 15) + 0xa282ead8; }

void append_record(std::string& file, std::string_view data) {
  std::string length;
  append_u64(length, data.size());
  file += length;
  append_u32(file, masked(crc32c(length)));
  file += data;
  append_u32(file, masked(crc32c(data)));
}

class EventFile {
 public:
  EventFile() {
    std::string event = event_head(0);
    append_text(event, 3, "brain.Event:2");
    append_record(bytes_, event);
  }

  void add(std::int64_t step, double seconds, std::string_view tag, double value) {
    std::string shown;
    append_text(shown, 1, tag);
    append_key(shown, 2, Stored::Fixed32);
    append_u32(shown, std::bit_cast<std::uint32_t>(static_cast<float>(value)));
    std::string summary;
    append_text(summary, 1, shown);
    std::string event = event_head(seconds);
    append_key(event, 2, Stored::Varint);
    append_varint(event, static_cast<std::uint64_t>(step));
    append_text(event, 5, summary);
    append_record(bytes_, event);
  }

  std::string bytes() && { return std::move(bytes_); }

 private:
  std::string bytes_;
};

// Of the step's metrics, or of the last before it: scores say none.
double seconds_at(const RunRecord& record, std::int64_t step) {
  double seconds = 0;
  for (const StepMetrics& metrics : record.steps)
    if (metrics.step <= step) seconds = metrics.seconds;
  return seconds;
}

std::string event_folder(const RunHeader& run) {
  return fmt::format("{}-{}-lr{}-s{}-{}", run.architecture, run.size, run.learning_rate, run.seed,
                     run.id);
}

}  // namespace

std::string event_file(const RunRecord& record) {
  EventFile file;
  for (const StepMetrics& metrics : record.steps) {
    file.add(metrics.step, metrics.seconds, "train/loss", metrics.loss);
    file.add(metrics.step, metrics.seconds, "train/learning_rate", metrics.learning_rate);
    file.add(metrics.step, metrics.seconds, "train/gradient_norm", metrics.gradient_norm);
  }
  for (const Evaluation& evaluation : record.evaluations) {
    file.add(evaluation.step, evaluation.seconds, "evaluation/loss", evaluation.loss);
    file.add(evaluation.step, evaluation.seconds, "evaluation/selection_loss",
             evaluation.selection_loss);
  }
  for (const Score& score : record.scores)
    file.add(score.step, seconds_at(record, score.step), score.task + "/" + score.metric,
             score.value);
  return std::move(file).bytes();
}

std::size_t write_event_files(std::span<const RunRecord> runs,
                              const std::filesystem::path& folder) {
  std::size_t written = 0;
  for (const RunRecord& run : runs) {
    if (run.steps.empty()) continue;
    write_durably(folder / event_folder(run.header) / "events.out.tfevents.0.isoloss",
                  event_file(run));
    ++written;
  }
  return written;
}

}  // namespace isoloss
