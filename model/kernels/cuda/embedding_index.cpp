#include "model/kernels/cuda/embedding_index.h"

#include <algorithm>
#include <string>
#include <vector>

#include "model/spec/error.h"

namespace isoloss::device {
namespace {

// What row `row` of the step reads: the target before it, 0 at the beginning of a sequence.
std::int32_t input_id(std::span<const std::int32_t> targets, std::int64_t length,
                      std::int64_t row) {
  return row % length == 0 ? 0 : targets[static_cast<std::size_t>(row - 1)];
}

void check_ids(std::span<const std::int32_t> targets, std::int64_t vocabulary) {
  for (std::size_t i = 0; i < targets.size(); ++i)
    if (targets[i] < 0 || targets[i] >= vocabulary)
      throw InputError("token " + std::to_string(targets[i]) + " is outside the vocabulary of " +
                       std::to_string(vocabulary) + " (at place " + std::to_string(i) +
                       "); use the tokenizer that the model was trained with");
}

}  // namespace

EmbeddingIndexLayout embedding_index_layout(std::int64_t rows, std::int64_t vocabulary) {
  EmbeddingIndexLayout layout;
  layout.most_chunks = std::min(rows, vocabulary) + rows / kRowsOfChunk;
  layout.most_split = rows / (kRowsOfChunk + 1);
  layout.split = layout.chunks + 4 * layout.most_chunks;
  layout.order = layout.split + 3 * layout.most_split;
  layout.size = layout.order + rows;
  return layout;
}

void embedding_index(std::span<const std::int32_t> targets, std::int64_t length,
                     const VocabularyPart& part, std::span<std::int32_t> index) {
  check_ids(targets, part.whole);
  const std::int64_t rows = std::ssize(targets);
  const EmbeddingIndexLayout layout = embedding_index_layout(rows, part.count);
  // Of the row's input id, counted from this rank's first; -1 for another rank's.
  const auto own_id = [&](std::int64_t row) {
    const std::int64_t id = input_id(targets, length, row) - part.first;
    return id < part.count ? std::max<std::int64_t>(id, -1) : -1;
  };
  // A counting sort: ends[id] becomes the place behind the id's rows.
  std::vector<std::int32_t> ends(static_cast<std::size_t>(part.count) + 1, 0);
  for (std::int64_t row = 0; row < rows; ++row)
    if (const std::int64_t id = own_id(row); id >= 0) ++ends[static_cast<std::size_t>(id) + 1];
  for (std::size_t id = 1; id < ends.size(); ++id) ends[id] += ends[id - 1];
  const std::span<std::int32_t> order = index.subspan(static_cast<std::size_t>(layout.order));
  for (std::int64_t row = 0; row < rows; ++row) {
    const std::int64_t id = own_id(row);
    if (id < 0) continue;
    std::int32_t& place = ends[static_cast<std::size_t>(id)];
    order[static_cast<std::size_t>(place++)] = static_cast<std::int32_t>(row);
  }

  std::int32_t chunks = 0, split = 0, slots = 0, first = 0;
  std::int32_t* chunk = index.data() + layout.chunks;
  std::int32_t* split_id = index.data() + layout.split;
  for (std::int64_t id = 0; id < part.count; ++id) {
    const std::int32_t end = ends[static_cast<std::size_t>(id)];
    const bool several = end - first > kRowsOfChunk;
    const std::int32_t first_slot = slots;
    for (; first < end; ++chunks) {
      const std::int32_t count = std::min(end - first, static_cast<std::int32_t>(kRowsOfChunk));
      for (const std::int32_t value :
           {static_cast<std::int32_t>(id), first, count, several ? slots++ : -1})
        *chunk++ = value;
      first += count;
    }
    if (!several) continue;
    for (const std::int32_t value : {static_cast<std::int32_t>(id), first_slot, slots - first_slot})
      *split_id++ = value;
    ++split;
  }
  index[0] = chunks;
  index[1] = split;
}

}  // namespace isoloss::device
