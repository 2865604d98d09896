// mma.sync.m16n8k16 and ldmatrix of a warp, by what each lane leaves in its slot (PTX ISA, "Matrix
// Fragments for mma.m16n8k16" and "ldmatrix").
#include <cstdint>
#include <cstring>

#include "model/kernels/cuda/emulator/accesses.h"
#include "model/kernels/cuda/emulator/block.h"
#include "model/kernels/cuda/simt.h"

namespace isoloss::simt {

void Block::multiply_add(float (&d)[4], const std::uint32_t (&a)[4], const std::uint32_t (&b)[2]) {
  std::byte* slots = warp_slots();
  std::byte* mine = slots + static_cast<std::size_t>(lane()) * kLaneSlot;
  std::memcpy(mine, a, sizeof a);
  std::memcpy(mine + sizeof a, b, sizeof b);
  meet_warp();
  const auto half = [&](int owner, std::size_t word, int index) {
    std::uint16_t bits;
    std::memcpy(&bits,
                slots + static_cast<std::size_t>(owner) * kLaneSlot + word * 4 +
                    static_cast<std::size_t>(index) * 2,
                sizeof bits);
    return to_float(Bf16{bits});
  };
  const int group = lane() / 4, pair = lane() % 4;
  for (int i = 0; i < 4; ++i) {
    const int row = group + (i >= 2 ? 8 : 0), column = 2 * pair + i % 2;
    float sum = 0;
    for (int k = 0; k < 16; ++k) {
      const int of_a = row % 8 * 4 + k % 8 / 2, of_b = column * 4 + k % 8 / 2;
      const std::size_t word_a = (row >= 8 ? 1U : 0U) + (k >= 8 ? 2U : 0U);
      sum += half(of_a, word_a, k % 2) * half(of_b, 4 + (k >= 8 ? 1U : 0U), k % 2);
    }
    d[i] += sum;
  }
  meet_warp();
}

void Block::load_blocks(std::uint32_t (&r)[4], const Bf16* row, bool transposed) {
  std::byte* slots = warp_slots();
  note_access(row, 16, false, __builtin_return_address(0));
  std::memcpy(slots + static_cast<std::size_t>(lane()) * kLaneSlot, row, 16);
  meet_warp();
  for (int block = 0; block < 4; ++block) {
    std::uint16_t halves[2];
    for (int i = 0; i < 2; ++i) {
      const int line = transposed ? 2 * (lane() % 4) + i : lane() / 4;
      const int column = transposed ? lane() / 4 : 2 * (lane() % 4) + i;
      std::memcpy(&halves[i],
                  slots + static_cast<std::size_t>(block * 8 + line) * kLaneSlot +
                      static_cast<std::size_t>(column) * 2,
                  2);
    }
    std::memcpy(&r[block], halves, 4);
  }
  meet_warp();
}

}  // namespace isoloss::simt
