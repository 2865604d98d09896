#include "results/journal_frames.h"

#include <optional>

#include "results/file_seal.h"
#include "results/unread_error.h"

namespace isoloss {

namespace {

constexpr std::string_view kJournalMagic = "isojrnl\n";
constexpr std::size_t kPreambleBytes = 16;
constexpr std::size_t kFrameHeadBytes = 12;

// The length is under the checksum too, so that a changed length cannot pass.
std::uint64_t frame_checksum(std::string_view payload) {
  std::string length;
  append_u32(length, static_cast<std::uint32_t>(payload.size()));
  return checksum(payload) ^ checksum(length);
}

std::optional<std::string_view> whole_payload_at(std::string_view content, std::size_t offset) {
  if (content.size() - offset < kFrameHeadBytes) return std::nullopt;
  const std::size_t length = u32_at(content, offset);
  if (content.size() - offset - kFrameHeadBytes < length) return std::nullopt;
  const std::string_view payload = content.substr(offset + kFrameHeadBytes, length);
  if (frame_checksum(payload) != u64_at(content, offset + 4)) return std::nullopt;
  return payload;
}

[[noreturn]] void reject(const std::filesystem::path& path, const std::string& reason,
                         const std::string& advice) {
  throw InputError("cannot read " + path.string() + " (" + reason + "); " + advice);
}

}  // namespace

std::string journal_preamble() {
  std::string bytes(kJournalMagic);
  append_u32(bytes, kJournalVersion);
  append_u32(bytes, 0);
  return bytes;
}

void append_frame(std::string& bytes, std::string_view payload) {
  append_u32(bytes, static_cast<std::uint32_t>(payload.size()));
  append_u64(bytes, frame_checksum(payload));
  bytes += payload;
}

FrameScan scan_frames(std::string_view content, const std::filesystem::path& path) {
  if (content.size() < kPreambleBytes || !content.starts_with(kJournalMagic))
    reject(path, "it is no journal of isoloss", "remove it and run again");
  const std::uint32_t version = u32_at(content, kJournalMagic.size());
  if (version != kJournalVersion)
    throw UnreadError("cannot read " + path.string() + " (format version " +
                      std::to_string(version) + ", this program reads " +
                      std::to_string(kJournalVersion) +
                      "); read it with the version of isoloss that wrote it");
  if (u32_at(content, kJournalMagic.size() + 4) != 0)
    reject(path, "damaged at byte 12", "restore it, or remove it and run again");
  FrameScan scan;
  scan.whole_bytes = kPreambleBytes;
  while (const auto payload = whole_payload_at(content, scan.whole_bytes)) {
    scan.frames.push_back({scan.whole_bytes, *payload});
    scan.whole_bytes += kFrameHeadBytes + payload->size();
  }
  // A killed process tears the last frame only; a whole frame further on means damage, and cutting
  // there would lose what was stored.
  for (std::size_t offset = scan.whole_bytes + 1; offset < content.size(); ++offset)
    if (whole_payload_at(content, offset))
      reject(path, "damaged at byte " + std::to_string(scan.whole_bytes),
             "restore it, or remove it and run again");
  return scan;
}

}  // namespace isoloss
