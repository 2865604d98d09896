#include "model/kernels/cuda/embedding.h"

#include <algorithm>
#include <cmath>

#include "model/kernels/cuda/eight.h"
#include "model/kernels/cuda/embedding_index.h"
#include "model/kernels/cuda/launch_sizes.h"

namespace isoloss::device {
namespace {

constexpr int kEmbeddingThreads = 256;

ISOLOSS_INLINE void add_eight(Eight& total, const Eight& x) {
  ISOLOSS_UNROLL
  for (int i = 0; i < 8; ++i) total.at[i] += x.at[i];
}

__global__ void embed(EmbeddingShape shape, const std::int32_t* targets, const float* embedding,
                      const float* positions, float* x) {
  const auto eights = static_cast<std::uint32_t>(shape.width / 8);
  const std::uint32_t i = grid_thread(),
                      step = i / eights % static_cast<std::uint32_t>(shape.length);
  if (i >= shape.batch * shape.length * eights) return;
  const std::int64_t row = i / eights, column = i % eights * 8;
  const std::int64_t id = (step == 0 ? 0 : targets[row - 1]) - shape.first;
  Eight values = all_eight(0);
  if (id >= 0 && id < shape.vocabulary) values = load_eight(embedding + id * shape.width + column);
  if (positions) add_eight(values, load_eight(positions + step * shape.width + column));
  store_eight(x + row * shape.width + column, values);
}

// A chunk of rows of one id, straight to the gradient or to the chunk's slot of `slots`.
__global__ void add_chunks(EmbeddingShape shape, EmbeddingIndexLayout layout,
                           const std::int32_t* index, const float* dx, float* d_embedding,
                           float* slots) {
  if (static_cast<std::int32_t>(blockIdx.x) >= index[0]) return;
  // Four ids a chunk; the index need not be aligned to more than one.
  const std::int32_t* chunk = index + layout.chunks + 4 * blockIdx.x;
  const std::int64_t id = chunk[0], slot = chunk[3];
  const std::int32_t* order = index + layout.order + chunk[1];
  const std::int32_t rows = chunk[2];
  for (std::int64_t column = threadIdx.x * 8; column < shape.width; column += blockDim.x * 8) {
    Eight total = all_eight(0);
    for (int i = 0; i < rows; ++i)
      add_eight(total, load_eight(dx + order[i] * shape.width + column));
    float* to = slot < 0 ? d_embedding + id * shape.width : slots + slot * shape.width;
    if (slot < 0) add_eight(total, load_eight(to + column));
    store_eight(to + column, total);
  }
}

__global__ void add_slots(EmbeddingShape shape, EmbeddingIndexLayout layout,
                          const std::int32_t* index, const float* slots, float* d_embedding) {
  if (static_cast<std::int32_t>(blockIdx.x) >= index[1]) return;
  const std::int32_t* split = index + layout.split + 3 * blockIdx.x;
  float* to = d_embedding + split[0] * shape.width;
  for (std::int64_t column = threadIdx.x * 8; column < shape.width; column += blockDim.x * 8) {
    Eight total = load_eight(to + column);
    for (int i = 0; i < split[2]; ++i)
      add_eight(total, load_eight(slots + (split[1] + i) * shape.width + column));
    store_eight(to + column, total);
  }
}

__global__ void add_positions(EmbeddingShape shape, const float* dx, float* d_positions) {
  const std::int64_t at = std::int64_t{8} * grid_thread(), size = shape.length * shape.width;
  if (at >= size) return;
  Eight total = load_eight(d_positions + at);
  for (std::int64_t sequence = 0; sequence < shape.batch; ++sequence)
    add_eight(total, load_eight(dx + sequence * size + at));
  store_eight(d_positions + at, total);
}

unsigned threads_of_row(std::int64_t width) {
  return static_cast<unsigned>(
      std::min<std::int64_t>(kEmbeddingThreads, ceil_divide(width, 8 * simt::kWarp) * simt::kWarp));
}

}  // namespace

void embedding_forward(Stream& stream, const EmbeddingShape& shape, const std::int32_t* targets,
                       const float* embedding, const float* positions, float* x) {
  require_eights("a row of the embedding", shape.width);
  launch(stream,
         {.grid_x = blocks(shape.batch * shape.length * shape.width / 8, kEmbeddingThreads),
          .threads = kEmbeddingThreads},
         embed, shape, targets, embedding, positions, x);
}

std::int64_t embedding_scratch(const EmbeddingShape& shape) {
  // Every slot but an id's last is full, so there are at most two of them for each full one.
  return 2 * (shape.batch * shape.length / kRowsOfChunk) * shape.width;
}

void embedding_backward(Stream& stream, const EmbeddingShape& shape, const std::int32_t* index,
                        const float* dx, float* d_embedding, float* d_positions, float* scratch) {
  require_eights("a row of the embedding", shape.width);
  const EmbeddingIndexLayout layout =
      embedding_index_layout(shape.batch * shape.length, shape.vocabulary);
  const unsigned threads = threads_of_row(shape.width);
  launch(stream, {.grid_x = static_cast<unsigned>(layout.most_chunks), .threads = threads},
         add_chunks, shape, layout, index, dx, d_embedding, scratch);
  if (layout.most_split > 0)
    launch(stream, {.grid_x = static_cast<unsigned>(layout.most_split), .threads = threads},
           add_slots, shape, layout, index, scratch, d_embedding);
  if (d_positions)
    launch(stream,
           {.grid_x = blocks(shape.length * shape.width / 8, kEmbeddingThreads),
            .threads = kEmbeddingThreads},
           add_positions, shape, dx, d_positions);
}

std::vector<float> timing_table(std::int64_t length, std::int64_t width) {
  const std::int64_t half = width / 2;
  const double step = std::log(10'000.0) / static_cast<double>(std::max<std::int64_t>(half - 1, 1));
  std::vector<float> table;
  table.reserve(static_cast<std::size_t>(length * width));
  for (std::int64_t position = 0; position < length; ++position)
    for (std::int64_t i = 0; i < 2 * half; ++i) {
      const double angle =
          static_cast<double>(position) * std::exp(-step * static_cast<double>(i % half));
      table.push_back(static_cast<float>(i < half ? std::sin(angle) : std::cos(angle)));
    }
  return table;
}

}  // namespace isoloss::device
