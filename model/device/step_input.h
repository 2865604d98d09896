// What the host gives a step, in one piece of memory that one copy takes to the device: the
// optimizer's numbers, the target ids of every micro-batch, and the order in which the embedding's
// gradient adds them (kernels/cuda/embedding_index.h).
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>

#include "model/device/device_decoder.h"
#include "model/kernels/cuda/update_state.h"

namespace isoloss {

class StepInput {
 public:
  StepInput(const device::VocabularyPart& vocabulary, const DeviceRows& rows,
            std::int64_t micro_batches);

  std::int64_t bytes() const { return bytes_; }
  std::int64_t tokens() const { return micro_batches_ * rows_.tokens(); }  // of a step
  std::int64_t micro_batches() const { return micro_batches_; }
  const DeviceRows& rows() const { return rows_; }

  // Fills `host` (bytes()) from tokens() ids. InputError: another number of them, or one outside
  // the vocabulary.
  void fill(std::span<const std::int32_t> tokens, const device::UpdateInput& update,
            std::byte* host) const;

  // Where the parts are, given where the whole is.
  const device::UpdateInput* update(const std::byte* input) const {
    return reinterpret_cast<const device::UpdateInput*>(input);
  }
  DeviceTokens micro_batch(const std::byte* input, std::int64_t i) const;

 private:
  DeviceRows rows_;
  std::int64_t micro_batches_;
  device::VocabularyPart vocabulary_;
  std::int64_t index_size_;  // int32 values
  std::int64_t targets_, index_, bytes_;
};

}  // namespace isoloss
