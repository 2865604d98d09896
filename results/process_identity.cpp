#include "results/process_identity.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>

namespace isoloss {
namespace {

struct ProcessEntry {
  char state = '?';
  std::uint64_t started = 0;
};

// proc(5): "PID (NAME) STATE ..." with the start time as field 22; the name may hold blanks and
// brackets, so fields are counted after the last bracket.
std::optional<ProcessEntry> process_entry(std::int64_t pid) {
  std::ifstream file(fmt::format("/proc/{}/stat", pid));
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  const std::size_t bracket = text.rfind(')');
  if (bracket == std::string::npos) return std::nullopt;
  std::istringstream fields(text.substr(bracket + 1));
  ProcessEntry entry;
  fields >> entry.state;
  std::string skipped;
  for (int field = 4; field < 22; ++field) fields >> skipped;
  fields >> entry.started;
  return entry;
}

std::string this_host() {
  std::array<char, 256> name{};
  ::gethostname(name.data(), name.size() - 1);
  std::ifstream boot_file("/proc/sys/kernel/random/boot_id");
  std::string boot;
  std::getline(boot_file, boot);
  std::array<char, 64> pid_namespace{};
  (void)!::readlink("/proc/self/ns/pid", pid_namespace.data(), pid_namespace.size() - 1);
  return fmt::format("{}/{}/{}", name.data(), boot, pid_namespace.data());
}

}  // namespace

ProcessIdentity this_process() {
  const std::int64_t pid = ::getpid();
  const auto entry = process_entry(pid);
  return {this_host(), pid, entry ? entry->started : 0};
}

bool certainly_dead(const ProcessIdentity& process) {
  static const std::string host = this_host();
  // Without /proc nothing is certain.
  if (process.host != host || process.started == 0 || !process_entry(::getpid())) return false;
  const auto entry = process_entry(process.pid);
  return !entry || entry->state == 'Z' || entry->state == 'X' || entry->started != process.started;
}

}  // namespace isoloss
