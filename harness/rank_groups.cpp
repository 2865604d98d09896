#include "harness/rank_groups.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <numeric>
#include <span>
#include <vector>

#include "harness/self_communicator.h"
#include "model/spec/error.h"
#include "sweeps/layout.h"

namespace isoloss {

RankLayout plan_layout(const StudyPlan& plan, int ranks, int on_machine) {
  const StudyLayout chosen =
      choose_layout(plan, {ranks, machine_memory() / on_machine}, device_rate("cpu"));
  const RankLayout layout{static_cast<int>(chosen.tensor), static_cast<int>(chosen.data)};
  if (ranks % layout.ranks() != 0) {
    throw InputError(fmt::format(
        "{} ranks do not make blocks of {} (tensor_parallel {} x data_parallel {} ranks train a "
        "run together); start it with --ranks {}",
        ranks, layout.ranks(), layout.tensor, layout.data,
        (ranks / layout.ranks() + 1) * layout.ranks()));
  }
  return layout;
}

std::string host_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) return "";
  return name.data();
}

int ranks_on_machine(Communicator& job, const std::string& machine) {
  std::array<char, 256> mine{};
  std::copy_n(machine.begin(), std::min(machine.size(), mine.size()), mine.begin());
  std::vector<std::array<char, 256>> all(static_cast<std::size_t>(job.size()));
  job.all_gather(std::as_bytes(std::span(mine)), std::as_writable_bytes(std::span(all)));
  std::ptrdiff_t most = 0;
  for (const auto& name : all) most = std::max(most, std::ranges::count(all, name));
  return static_cast<int>(most);
}

std::unique_ptr<Communicator> block_of(Communicator& job, const RankLayout& layout) {
  std::vector<int> members(static_cast<std::size_t>(layout.ranks()));
  std::iota(members.begin(), members.end(), job.rank() / layout.ranks() * layout.ranks());
  return job.group(members);
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
