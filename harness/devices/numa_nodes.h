// Which part of a machine's memory is near a process and near a device, as Linux tells under /sys
// (Documentation/ABI/stable/sysfs-devices-node, Documentation/ABI/testing/sysfs-bus-pci). -1 is
// what Linux itself writes where it does not know.
#pragma once
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace isoloss {

// "0-3,8" as 0 1 2 3 8; empty where it is no such list.
std::vector<int> numbers_of_list(std::string_view list);

// Processors on which this process may run.
std::vector<int> own_processors();

// The node that has all of `processors`; -1 where none has.
int numa_node_of(std::span<const int> processors, const std::filesystem::path& sys = "/sys");

// The node of the device at a PCI address such as 0000:1B:00.0, in either case; -1 where it is not
// known.
int numa_node_of_pci(std::string address, const std::filesystem::path& sys = "/sys");

// Processors near the device at a PCI address; empty where they are not known.
std::vector<int> processors_near_pci(std::string address,
                                     const std::filesystem::path& sys = "/sys");

// Binds this thread, and those that it makes, to those of `near` on which it may run; where there
// are none nothing changes.
void run_near(std::span<const int> near);

}  // namespace isoloss
