#include "harness/ranks/rank_groups.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <numeric>
#include <span>
#include <stdexcept>
#include <vector>

#include "harness/ranks/self_communicator.h"

namespace isoloss {

namespace {

// The group of that block of `all` in which this rank stands.
std::unique_ptr<Communicator> group_among(Communicator& all, std::span<const RankBlock> blocks) {
  for (const RankBlock& block : blocks) {
    if (all.rank() < block.first || all.rank() >= block.first + block.ranks) continue;
    std::vector<int> members(static_cast<std::size_t>(block.ranks));
    std::iota(members.begin(), members.end(), block.first);
    return all.group(members);
  }
  throw std::logic_error("a rank stands in no block");  // check_ranks() sees to it
}

// The machine of each rank, by the first rank that is on it.
std::vector<int> machines_of(Communicator& job, const std::string& machine) {
  std::array<char, 256> mine{};
  std::copy_n(machine.begin(), std::min(machine.size(), mine.size()), mine.begin());
  std::vector<std::array<char, 256>> all(static_cast<std::size_t>(job.size()));
  job.all_gather(std::as_bytes(std::span(mine)), std::as_writable_bytes(std::span(all)));
  std::vector<int> machines;
  for (const auto& name : all)
    machines.push_back(static_cast<int>(std::ranges::find(all, name) - all.begin()));
  return machines;
}

}  // namespace

std::string host_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) return "";
  return name.data();
}

int ranks_on_machine(Communicator& job, const std::string& machine) {
  const std::vector<int> machines = machines_of(job, machine);
  std::ptrdiff_t most = 0;
  for (const int one : machines) most = std::max(most, std::ranges::count(machines, one));
  return static_cast<int>(most);
}

std::unique_ptr<Communicator> in_block_order(Communicator& job, int unit,
                                             const std::string& machine) {
  const std::vector<int> order = block_order(machines_of(job, machine), unit);
  return std::ranges::is_sorted(order) ? nullptr : job.group(order);
}

std::unique_ptr<Communicator> whole_block_of(Communicator& job, int unit) {
  return group_among(job, whole_blocks(job.size(), unit));
}

std::unique_ptr<Communicator> half_of(Communicator& block) {
  return group_among(block, halves({0, block.size()}));
}

RankGroups::RankGroups()
    : own_(std::make_unique<SelfCommunicator>()),
      all_(own_.get()),
      tensor_(std::make_unique<SelfCommunicator>()),
      data_(std::make_unique<SelfCommunicator>()) {}

RankGroups::RankGroups(Communicator& all, const RankLayout& layout) : all_(&all) {
  const int row = all.rank() / layout.tensor, column = all.rank() % layout.tensor;
  std::vector<int> neighbours, across;
  for (int i = 0; i < layout.tensor; ++i) neighbours.push_back(row * layout.tensor + i);
  for (int i = 0; i < layout.data; ++i) across.push_back(i * layout.tensor + column);
  tensor_ = all.group(neighbours);
  data_ = all.group(across);
}

}  // namespace isoloss
