// A checkpoint's file that was found whole: its frame, its list of tensors and where their values
// lie (checkpoint_layout.h). It can be read although its name is removed meanwhile. What the
// tensors mean is the model's matter.
#pragma once
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <span>
#include <string>

#include "results/checkpoint_layout.h"

namespace isoloss {

class CheckpointFile {
 public:
  // InputError saying what is wrong with it (truncated, foreign, its checksum), or that it is not
  // of the run of that id; UnreadError where it cannot be read or is of another version.
  CheckpointFile(const std::filesystem::path& path, const std::string& run);
  ~CheckpointFile();
  CheckpointFile(const CheckpointFile&) = delete;
  CheckpointFile& operator=(const CheckpointFile&) = delete;

  const CheckpointFrame& frame() const { return frame_; }
  // {"weights": [[NAME, [SHAPE]], ..], "state": [..]}; null where its version does not say.
  const nlohmann::json& tensors() const { return tensors_; }
  // Offset of the weights' first value; the optimizer's state lies behind them.
  std::uint64_t weights_at() const { return weights_at_; }
  // The bytes from `place` on. InputError where the file ends before.
  void read(std::uint64_t place, std::span<std::byte> to) const;

 private:
  void check(const std::string& run);
  std::uint64_t sum(std::uint64_t count) const;

  int file_ = -1;
  CheckpointFrame frame_{};
  nlohmann::json tensors_;
  std::uint64_t weights_at_ = 0;
};

}  // namespace isoloss
