#include "harness/rank_groups.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <vector>

#include "harness/self_communicator.h"
#include "model/spec/error.h"
#include "sweeps/layout.h"

namespace isoloss {

RankLayout plan_layout(const StudyPlan& plan, int ranks) {
  const StudyLayout chosen = choose_layout(plan, ranks, machine_memory() / ranks);
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
