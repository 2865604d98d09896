#include "model/device/step_input.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "model/kernels/cuda/embedding_index.h"
#include "model/spec/error.h"

namespace isoloss {
namespace {

constexpr std::int64_t kId = sizeof(std::int32_t);

std::int64_t by_16_bytes(std::int64_t bytes) { return (bytes + 15) / 16 * 16; }

}  // namespace

StepInput::StepInput(const device::VocabularyPart& vocabulary, const DeviceRows& rows,
                     std::int64_t micro_batches)
    : rows_(rows),
      micro_batches_(micro_batches),
      vocabulary_(vocabulary),
      index_size_(device::embedding_index_layout(rows.tokens(), vocabulary.count).size),
      targets_(by_16_bytes(sizeof(device::UpdateInput))),
      index_(targets_ + by_16_bytes(tokens() * kId)),
      bytes_(index_ + by_16_bytes(micro_batches * index_size_ * kId)) {}

void StepInput::fill(std::span<const std::int32_t> given, const device::UpdateInput& update,
                     std::byte* host) const {
  if (std::ssize(given) != tokens())
    throw InputError(std::to_string(given.size()) + " tokens were given (a step of this model on " +
                     "the device has " + std::to_string(tokens()) + "); give whole batches");
  std::memcpy(host, &update, sizeof update);
  std::memcpy(host + targets_, given.data(), given.size_bytes());
  const auto of_each = static_cast<std::size_t>(rows_.tokens());
  for (std::int64_t i = 0; i < micro_batches_; ++i) {
    auto* index = reinterpret_cast<std::int32_t*>(host + index_) + i * index_size_;
    device::embedding_index(given.subspan(static_cast<std::size_t>(i) * of_each, of_each),
                            rows_.length, vocabulary_,
                            {index, static_cast<std::size_t>(index_size_)});
  }
}

DeviceTokens StepInput::micro_batch(const std::byte* input, std::int64_t i) const {
  const auto* targets = reinterpret_cast<const std::int32_t*>(input + targets_);
  const auto* index = reinterpret_cast<const std::int32_t*>(input + index_);
  return {targets + i * rows_.tokens(), index + i * index_size_};
}

}  // namespace isoloss
