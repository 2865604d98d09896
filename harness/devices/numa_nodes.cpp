#include "harness/devices/numa_nodes.h"

#include <sched.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstddef>
#include <fstream>
#include <optional>
#include <system_error>
#include <utility>

namespace isoloss {
namespace {

namespace fs = std::filesystem;

std::optional<int> whole_number(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string first_line_of(const fs::path& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

// Linux writes addresses in lower case, CUDA in upper.
fs::path pci_folder(std::string address, const fs::path& sys) {
  std::ranges::transform(address, address.begin(), [](char c) {
    return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  });
  return sys / "bus/pci/devices" / address;
}

}  // namespace

std::vector<int> numbers_of_list(std::string_view list) {
  std::vector<int> numbers;
  while (!list.empty()) {
    const std::string_view part = list.substr(0, list.find(','));
    list.remove_prefix(std::min(part.size() + 1, list.size()));
    const std::size_t dash = part.find('-');
    const auto first = whole_number(part.substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : whole_number(part.substr(dash + 1));
    if (!first || !last || *first < 0) return {};
    for (int number = *first; number <= *last; ++number) numbers.push_back(number);
  }
  return numbers;
}

std::vector<int> own_processors() {
  cpu_set_t set;
  std::vector<int> processors;
  if (sched_getaffinity(0, sizeof set, &set) != 0) return {};
  for (int processor = 0; processor < CPU_SETSIZE; ++processor)
    if (CPU_ISSET(processor, &set)) processors.push_back(processor);
  return processors;
}

int numa_node_of(std::span<const int> processors, const fs::path& sys) {
  if (processors.empty()) return -1;
  std::error_code missing;
  for (const auto& entry : fs::directory_iterator(sys / "devices/system/node", missing)) {
    const std::string name = entry.path().filename().string();
    const auto node =
        name.starts_with("node") ? whole_number(std::string_view(name).substr(4)) : std::nullopt;
    if (!node) continue;
    const std::vector<int> its = numbers_of_list(first_line_of(entry.path() / "cpulist"));
    if (std::ranges::all_of(processors, [&](int processor) {
          return std::ranges::find(its, processor) != its.end();
        }))
      return *node;
  }
  return -1;
}

int numa_node_of_pci(std::string address, const fs::path& sys) {
  return whole_number(first_line_of(pci_folder(std::move(address), sys) / "numa_node"))
      .value_or(-1);
}

std::vector<int> processors_near_pci(std::string address, const fs::path& sys) {
  return numbers_of_list(first_line_of(pci_folder(std::move(address), sys) / "local_cpulist"));
}

void run_near(std::span<const int> near) {
  cpu_set_t set;
  CPU_ZERO(&set);
  for (const int processor : own_processors())
    if (std::ranges::find(near, processor) != near.end()) CPU_SET(processor, &set);
  // A wish: the run is right wherever it runs.
  if (CPU_COUNT(&set) > 0) sched_setaffinity(0, sizeof set, &set);
}

}  // namespace isoloss
