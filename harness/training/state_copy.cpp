#include "harness/training/state_copy.h"

#include <cstring>
#include <span>
#include <utility>

namespace isoloss {

StateCopy::StateCopy(TrainingState& state, const std::string& run)
    : head_{run, state.step(), state.seconds(), static_cast<std::uint32_t>(state.element_bytes())},
      rank_{state.ranks().all().rank(), state.ranks().all().size()} {
  StatePart part = state.part();
  std::size_t bytes = 0;
  for (const auto& tensor : part.tensors) bytes += tensor.size();
  values_ = std::make_unique_for_overwrite<std::byte[]>(bytes);
  std::byte* to = values_.get();
  for (const auto& tensor : part.tensors) {
    if (!tensor.empty()) std::memcpy(to, tensor.data(), tensor.size());
    to += tensor.size();
  }
  tables_ = std::move(part.tables);
}

void StateCopy::write(const std::filesystem::path& file) const {
  CheckpointWriter writer(file, head_, tables_, rank_);
  const std::byte* from = values_.get();
  for (const ParameterTable* table : {&tables_.weights, &tables_.optimizer})
    for (const Parameter& p : table->parameters) {
      const std::size_t bytes = static_cast<std::size_t>(p.size()) * head_.element_bytes;
      writer.add({from, bytes});
      from += bytes;
    }
  writer.commit();
}

}  // namespace isoloss
