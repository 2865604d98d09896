// Where things lie in a checkpoint's file.
#pragma once
#include <cstdint>
#include <string_view>

namespace isoloss {

inline constexpr std::string_view kCheckpointMagic = "isolossC";
// Version 1 has no list of tensors: the weights begin right behind the frame.
inline constexpr std::uint32_t kCheckpointVersion = 2;

struct CheckpointFrame {
  char magic[8];
  std::uint32_t version;
  std::uint32_t element_bytes;
  char run[32];  // zero-padded
  std::int64_t step;
  double seconds;
  std::uint64_t weight_bytes;
  std::uint64_t state_bytes;
};
static_assert(sizeof(CheckpointFrame) == 80);

// Behind the frame: u64 bytes of a JSON text {"weights": [[NAME, [SHAPE]], ..], "state": [..]}, the
// text, then the flat buffer of the weights, that of the optimizer's state, u64 checksum.
//
// Of a rank's part in a folder the text has "part": [RANK, RANKS] too, and its tensors are
// [NAME, [SHAPE], OFFSET, AXIS, FIRST, WHOLE]: the element of its buffer with which it begins, the
// axis along which it is a range of the whole tensor, that range's first index and the whole
// tensor's extent there (0: it is the whole tensor).

}  // namespace isoloss
