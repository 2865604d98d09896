// The journal's bytes: 16 bytes of magic and version, then frames of (uint32 length, uint64 XXH3-64
// of length and payload, payload), little-endian. Knows nothing of what the payloads mean.
#pragma once
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace isoloss {

inline constexpr std::uint32_t kJournalVersion = 1;

std::string journal_preamble();
void append_frame(std::string& bytes, std::string_view payload);

struct Frame {
  std::size_t begin = 0;  // offset of the frame in the file
  std::string_view payload;
};

struct FrameScan {
  std::vector<Frame> frames;
  std::size_t whole_bytes = 0;  // where the last whole frame ends: a torn tail begins here
};

// All whole frames of `content`, which must outlive them. InputError naming `path` where the file
// is foreign, of another version, or damaged (a bad frame that is there with all of its bytes, or
// that a whole one follows).
FrameScan scan_frames(std::string_view content, const std::filesystem::path& path);

}  // namespace isoloss
