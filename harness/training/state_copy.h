// A rank's part of a training state at one step, copied, so that training goes on while it is
// written.
#pragma once
#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>

#include "harness/training/checkpoint.h"
#include "harness/training/training_state.h"

namespace isoloss {

class StateCopy {
 public:
  // Of the run of that id.
  StateCopy(TrainingState& state, const std::string& run);

  std::int64_t step() const { return head_.step; }
  // As a checkpoint's file, or one of the files of its folder (checkpoint.h). WorkError on a full
  // disk; there is then nothing under that name.
  void write(const std::filesystem::path& file) const;

 private:
  CheckpointHead head_;
  SavingRank rank_;
  StateTables tables_;
  std::unique_ptr<std::byte[]> values_;  // tensor after tensor
};

}  // namespace isoloss
