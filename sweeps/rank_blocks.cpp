#include "sweeps/rank_blocks.h"

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
