// The file by which a process says that it trains a run (docs/reliability.md): who it is and a beat
// that grows while it lives. What changes is padded, so that a beat rewrites the file in its
// length.
#pragma once
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "results/process_identity.h"

namespace isoloss {

struct ClaimContent {
  ProcessIdentity process;
  std::int64_t rank = 0;
  std::uint64_t beat = 0;
  std::string supervisor = {};  // of the process; empty where there is none
  bool leaving = false;         // the process was signalled to stop: should it be killed before it
                                // has saved, that is no failure of the run
  int signal = 0;               // of a crash that ended the process (SIGSEGV, ..); 0: none
};

std::string claim_text(const ClaimContent& claim);
// Where in claim_text() the signal stands, as kSignalDigits characters: a crash is written there
// alone.
inline constexpr std::size_t kSignalDigits = 3;
std::size_t signal_place(const std::string& claim_text);
// Where it says whether the process is leaving, and what stands there if it is: a handler writes
// it.
inline constexpr std::string_view kLeavingMark = " true";
std::size_t leaving_place(const std::string& claim_text);
// Absent where the text is no claim.
std::optional<ClaimContent> claim_from(const std::string& text);

// The file's text; empty where there is none. UnreadError where it is there and cannot be read.
std::string read_claim_text(const std::filesystem::path& path);
// What the file says; absent where there is none or it cannot be read as a claim.
std::optional<ClaimContent> read_claim(const std::filesystem::path& path);

}  // namespace isoloss
