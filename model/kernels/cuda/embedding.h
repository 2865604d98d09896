// The lower end of the decoder: each step reads the id before it (id 0 at the first), its row of
// the embedding, and its position. Backward adds up rows of equal ids without atomics: the ids of a
// step are known to the host long before the device reads them, so the host puts their rows in
// order (embedding_index.h) and the device adds in that order, a block for at most kRowsOfChunk
// rows. Widths are multiples of 8, memory is aligned to 16 bytes; others throw InputError.
#pragma once
#include <cstdint>
#include <vector>

#include "model/kernels/cuda/device.h"

namespace isoloss::device {

struct EmbeddingShape {
  std::int64_t batch = 0;
  std::int64_t length = 0;
  std::int64_t width = 0;
  std::int64_t vocabulary = 0;  // rows of the embedding
  std::int64_t first = 0;       // id of the first row, where ranks share the vocabulary
};

// x [batch * length, width] = embedding[the id before targets[row]] + positions[step], where other
// ranks' rows count as zero. `positions` [length, width]: a learned table, timing_table() or null.
void embedding_forward(Stream& stream, const EmbeddingShape& shape, const std::int32_t* targets,
                       const float* embedding, const float* positions, float* x);

// Floats of scratch memory for a backward pass.
std::int64_t embedding_scratch(const EmbeddingShape& shape);

// Adds dx [batch * length, width] to d_embedding [vocabulary, width] and, if not null,
// d_positions [length, width]. `index` is embedding_index() of the same targets.
void embedding_backward(Stream& stream, const EmbeddingShape& shape, const std::int32_t* index,
                        const float* dx, float* d_embedding, float* d_positions, float* scratch);

// Sinusoidal positions [length, width]: sines, then cosines, of position times width / 2 rates from
// 1 to 1/10000 (Vaswani et al. 2017, section 3.5, in Tensor2Tensor's order), made in double.
std::vector<float> timing_table(std::int64_t length, std::int64_t width);

}  // namespace isoloss::device
