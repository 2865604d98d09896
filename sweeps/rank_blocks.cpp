#include "sweeps/rank_blocks.h"

#include <algorithm>
#include <map>

namespace isoloss {

std::vector<RankBlock> whole_blocks(int ranks, int unit) {
  std::vector<RankBlock> blocks;
  for (int first = 0; first + unit <= ranks;) {
    // What is before is a sum of larger powers: the block is aligned.
    int width = unit;
    while (first + 2 * width <= ranks) width *= 2;
    blocks.push_back({first, width});
    first += width;
  }
  return blocks;
}

std::vector<int> block_order(std::span<const int> machines, int unit) {
  std::map<int, std::vector<int>> by_machine;
  for (std::size_t rank = 0; rank < machines.size(); ++rank)
    by_machine[machines[rank]].push_back(static_cast<int>(rank));
  std::vector<std::vector<int>> pieces;
  std::vector<int> left_over;
  for (const auto& [machine, ranks] : by_machine) {
    auto next = ranks.begin();
    for (const RankBlock& block : whole_blocks(static_cast<int>(ranks.size()), unit)) {
      pieces.emplace_back(next, next + block.ranks);
      next += block.ranks;
    }
    left_over.insert(left_over.end(), next, ranks.end());
  }
  std::ranges::stable_sort(pieces, std::greater<>(), &std::vector<int>::size);
  std::vector<int> order;
  for (const std::vector<int>& piece : pieces)
    order.insert(order.end(), piece.begin(), piece.end());
  order.insert(order.end(), left_over.begin(), left_over.end());
  return order;
}

std::array<RankBlock, 2> halves(const RankBlock& block) {
  const int half = block.ranks / 2;
  return {{{block.first, half}, {block.first + half, half}}};
}

BlockStep next_step(int ranks, std::span<const RunRanks> ready,
                    const std::function<bool(std::size_t)>& take,
                    const std::function<bool(std::size_t)>& is_free) {
  bool some = false;
  for (std::size_t i = 0; i < ready.size(); ++i) {
    if (ready[i].least > ranks) continue;
    some = true;
    if (ready[i].planned >= ranks && take(i)) return BlockStep::Train;
  }
  for (std::size_t i = 0; i < ready.size(); ++i)
    if (ready[i].planned < ranks && is_free(i)) return BlockStep::Split;
  return some ? BlockStep::Wait : BlockStep::Leave;
}

}  // namespace isoloss
