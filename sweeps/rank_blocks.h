// The ranks of a job as blocks that train one run at a time: neighbours, each block twice as wide
// as its halves (a buddy system: Knowlton 1965, Communications of the ACM 8, p. 623). A block that
// has nothing to do at its width splits, where narrower runs wait; nothing is merged while somebody
// trains, so no rank waits for another block.
#pragma once
#include <array>
#include <cstddef>
#include <functional>
#include <span>
#include <vector>

namespace isoloss {

struct RankBlock {
  int first = 0;  // rank
  int ranks = 1;

  bool operator==(const RankBlock&) const = default;
};

// The widest blocks of a job, each `unit` ranks times a power of two and beginning at a multiple of
// its width; ranks that make up no unit are left out.
std::vector<RankBlock> whole_blocks(int ranks, int unit);

// The order in which ranks make blocks, given the machine of each: every machine's ranks are cut
// into pieces, units times powers of two, and the wider pieces stand first. So each piece begins at
// a multiple of its width, and a block that is no wider than the piece it begins in keeps to that
// machine, also where a machine has no power of two of ranks. Ranks that make up no unit on their
// machine stand last.
std::vector<int> block_order(std::span<const int> machines, int unit);

std::array<RankBlock, 2> halves(const RankBlock& block);

// Who may train a run: blocks of `planned` ranks and, where those are gone, narrower ones down to
// `least`, which memory and the run's divisors allow. 1 <= least <= planned.
struct RunRanks {
  int planned = 1;
  int least = 1;

  bool operator==(const RunRanks&) const = default;
};

enum class BlockStep {
  Train,  // what take() took
  Split,  // narrower runs are free
  Wait,   // others train what it may have to go on with
  Leave   // nothing that is left can be trained by so few ranks
};

// What a block of `ranks` ranks does next where `ready` can be trained, the most urgent first.
// take(i) says whether the block got the i-th; is_free(i) whether somebody could.
BlockStep next_step(int ranks, std::span<const RunRanks> ready,
                    const std::function<bool(std::size_t)>& take,
                    const std::function<bool(std::size_t)>& is_free);

}  // namespace isoloss
