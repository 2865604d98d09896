#include "model/kernels/cuda/rotary.h"

#include <cmath>

#include "model/kernels/cuda/eight.h"
#include "model/kernels/cuda/launch_sizes.h"

namespace isoloss::device {
namespace {

constexpr int kRotaryThreads = 256;
constexpr int kPairs = 4;  // half of a multiple of eight is one of four

template <typename T>
__global__ void turn_heads(RotaryShape shape, const float* table, float direction, T* x) {
  const std::int64_t half = shape.d_head / 2;
  const auto fours = static_cast<std::uint32_t>(half / kPairs);
  const auto heads = static_cast<std::uint32_t>(shape.heads);
  const std::uint32_t i = grid_thread(), row = i / (fours * heads);
  if (row >= shape.batch * shape.length) return;
  const std::uint32_t head = i / fours % heads, channel = i % fours * kPairs;
  const std::uint32_t position = row % static_cast<std::uint32_t>(shape.length);
  const float* angles = table + position * half + channel;
  const auto cosine = simt::load<float, kPairs>(angles);
  const auto sine = simt::load<float, kPairs>(angles + shape.length * half);
  T* first = x + row * shape.stride + head * shape.d_head + channel;
  auto low = simt::load<T, kPairs>(first), high = simt::load<T, kPairs>(first + half);
  ISOLOSS_UNROLL
  for (int j = 0; j < kPairs; ++j) {
    const float a = simt::to_float(low.values[j]), b = simt::to_float(high.values[j]);
    const float s = direction * sine.values[j];
    low.values[j] = simt::rounded<T>(a * cosine.values[j] - b * s);
    high.values[j] = simt::rounded<T>(b * cosine.values[j] + a * s);
  }
  simt::store<T, kPairs>(first, low);
  simt::store<T, kPairs>(first + half, high);
}

}  // namespace

std::vector<float> rotary_table(std::int64_t length, std::int64_t d_head, double base) {
  const std::int64_t half = d_head / 2;
  std::vector<float> table;
  table.reserve(static_cast<std::size_t>(2 * length * half));
  const double step = std::log(base) / static_cast<double>(half);
  for (const bool sines : {false, true})
    for (std::int64_t position = 0; position < length; ++position)
      for (std::int64_t i = 0; i < half; ++i) {
        const double angle =
            static_cast<double>(position) * std::exp(-step * static_cast<double>(i));
        table.push_back(static_cast<float>(sines ? std::sin(angle) : std::cos(angle)));
      }
  return table;
}

template <typename T>
void rotate(Stream& stream, const RotaryShape& shape, const float* table, Turn turn, T* x) {
  require_eights("a head", shape.d_head);
  require_eights("the distance of rows", shape.stride);
  const std::int64_t threads =
      shape.batch * shape.length * shape.heads * shape.d_head / (2 * kPairs);
  launch(stream, {.grid_x = blocks(threads, kRotaryThreads), .threads = kRotaryThreads},
         turn_heads<T>, shape, table, turn == Turn::Forward ? 1.0F : -1.0F, x);
}

template void rotate(Stream&, const RotaryShape&, const float*, Turn, float*);
template void rotate(Stream&, const RotaryShape&, const float*, Turn, simt::Bf16*);

}  // namespace isoloss::device
