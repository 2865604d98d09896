// Who a process is, so that another one can tell whether it still lives: the host (its name, boot
// and process namespace) and the process with its start time, since numbers are used again.
#pragma once
#include <cstdint>
#include <string>

namespace isoloss {

struct ProcessIdentity {
  std::string host;  // NAME/BOOT/NAMESPACE: equal only where process numbers compare
  std::int64_t pid = 0;
  std::uint64_t started = 0;  // clock ticks after boot
  bool operator==(const ProcessIdentity&) const = default;
};

ProcessIdentity this_process();

// True only where it is certain: same host, and no such process any more (or a zombie, or another
// process under its number).
bool certainly_dead(const ProcessIdentity& process);

}  // namespace isoloss
