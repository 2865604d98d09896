#include "model/kernels/cuda/token_shift.h"

#include "model/kernels/cuda/eight.h"
#include "model/kernels/cuda/launch_sizes.h"

namespace isoloss::device {
namespace {

constexpr int kShiftThreads = 256;
constexpr int kChannels = 4;  // half of a multiple of eight is one of four

// `steps` is how much later a row reads: -1 forward, +1 for gradients.
template <typename T>
__global__ void shift_half(StepRows rows, int steps, const T* x, T* y) {
  const auto fours = static_cast<std::uint32_t>(rows.width / kChannels);
  const std::uint32_t i = grid_thread();
  if (i >= rows.batch * rows.length * fours) return;
  const std::uint32_t row = i / fours, column = i % fours * kChannels;
  std::int64_t from = row;
  T* to = y + row * rows.width + column;
  if (column < rows.width / 2) {
    const std::int64_t step = std::int64_t{row % static_cast<std::uint32_t>(rows.length)} + steps;
    if (step < 0 || step >= rows.length) {
      simt::Pack<T, kChannels> zeros;
      for (int j = 0; j < kChannels; ++j) zeros.values[j] = simt::rounded<T>(0);
      return simt::store<T, kChannels>(to, zeros);
    }
    from += steps;
  }
  simt::store<T, kChannels>(to, simt::load<T, kChannels>(x + from * rows.width + column));
}

template <typename T>
void launch_shift(Stream& stream, const StepRows& rows, int steps, const T* x, T* y) {
  require_eights("a row", rows.width);
  launch(stream,
         {.grid_x = blocks(rows.batch * rows.length * rows.width / kChannels, kShiftThreads),
          .threads = kShiftThreads},
         shift_half<T>, rows, steps, x, y);
}

}  // namespace

template <typename T>
void shift_tokens(Stream& stream, const StepRows& rows, const T* x, T* y) {
  launch_shift(stream, rows, -1, x, y);
}
template <typename T>
void shift_tokens_backward(Stream& stream, const StepRows& rows, const T* dy, T* dx) {
  launch_shift(stream, rows, 1, dy, dx);
}

template void shift_tokens(Stream&, const StepRows&, const float*, float*);
template void shift_tokens(Stream&, const StepRows&, const simt::Bf16*, simt::Bf16*);
template void shift_tokens_backward(Stream&, const StepRows&, const float*, float*);
template void shift_tokens_backward(Stream&, const StepRows&, const simt::Bf16*, simt::Bf16*);

}  // namespace isoloss::device
