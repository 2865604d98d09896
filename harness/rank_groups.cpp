#include "harness/rank_groups.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <vector>

#include "harness/self_communicator.h"
#include "model/spec/error.h"
#include "model/spec/shard.h"

namespace isoloss {

RankLayout rank_layout(const RunSpec& spec) {
  const std::int64_t tensor = std::max<std::int64_t>(spec.tensor_parallel, 1);
  const std::int64_t data = std::max<std::int64_t>(spec.data_parallel, 1);
  check_layout(spec.model, static_cast<int>(tensor));
  const std::int64_t rows = spec.optimizer.batch_tokens / spec.model.sequence;
  const std::int64_t parts = data * spec.accumulate;
  if (rows % parts != 0) {
    throw InputError(fmt::format(
        "a batch of {} rows does not divide by data_parallel {} x accumulate {} (each takes an "
        "equal part); set optimizer.batch_tokens to {}, or use fewer",
        rows, data, spec.accumulate, (rows / parts + 1) * parts * spec.model.sequence));
  }
  return {static_cast<int>(tensor), static_cast<int>(data)};
}

RankLayout plan_layout(const StudyPlan& plan, int ranks) {
  RankLayout layout;
  for (std::size_t i = 0; i < plan.runs.size(); ++i) {
    const RankLayout own = rank_layout(plan.runs[i].spec);
    if (i > 0 && own != layout) {
      throw InputError(fmt::format(
          "runs {} and {} have layouts {} x {} and {} x {} (tensor x data; a study's runs have one "
          "for now); give them one run.tensor_parallel and run.data_parallel",
          plan.runs[0].id, plan.runs[i].id, layout.tensor, layout.data, own.tensor, own.data));
    }
    layout = own;
  }
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
