// Which rows of a step read which row of the embedding, put in order by the host: rows of equal
// input ids beside each other in ascending order, cut into chunks of at most kRowsOfChunk, with
// room for the most chunks that a step can have, so that its memory is planned once.
#pragma once
#include <cstdint>
#include <span>

namespace isoloss::device {

inline constexpr std::int64_t kRowsOfChunk = 32;

// The rows of the embedding that this rank has, of a vocabulary of `whole` ids.
struct VocabularyPart {
  std::int64_t whole = 0, first = 0, count = 0;
};

// Where its parts start, in int32 values.
struct EmbeddingIndexLayout {
  // Chunks: id, first place in `order`, rows, slot of scratch memory (-1: the id's only chunk).
  std::int64_t most_chunks = 0;
  // Ids of several chunks: id, first slot, slots.
  std::int64_t most_split = 0;
  std::int64_t chunks = 2;  // 0 and 1: how many chunks, how many split ids
  std::int64_t split = 0;
  std::int64_t order = 0;  // rows of the step
  std::int64_t size = 0;
};
EmbeddingIndexLayout embedding_index_layout(std::int64_t rows, std::int64_t vocabulary);

// Fills `index` (embedding_index_layout(rows, part.count).size values, ready to be copied to the
// device) from the targets [rows], rows of `length` steps. It has this rank's ids alone, counted
// from its first. Throws InputError where a target lies outside the vocabulary.
void embedding_index(std::span<const std::int32_t> targets, std::int64_t length,
                     const VocabularyPart& part, std::span<std::int32_t> index);

}  // namespace isoloss::device
