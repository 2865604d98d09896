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

// What a killed process leaves is the beginning of one frame, and what a machine does that lost its
// power may be zeros. All bytes of a frame with another checksum, or a whole frame further on, mean
// damage, and cutting there would lose what was stored.
bool is_damaged_from(std::string_view content, std::size_t offset) {
  const std::size_t rest = content.size() - offset;
  if (content.find_first_not_of('\0', offset) == std::string_view::npos) return false;
  if (rest >= kFrameHeadBytes && rest - kFrameHeadBytes >= u32_at(content, offset)) return true;
  for (std::size_t next = offset + 1; next < content.size(); ++next)
    if (whole_payload_at(content, next)) return true;
  return false;
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
  if (is_damaged_from(content, scan.whole_bytes))
    reject(path, "damaged at byte " + std::to_string(scan.whole_bytes),
           "restore it, or remove it and run again");
  return scan;
}

}  // namespace isoloss
