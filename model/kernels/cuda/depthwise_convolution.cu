#include "model/kernels/cuda/depthwise_convolution.h"

#include "model/kernels/cuda/column_tiles.h"
#include "model/kernels/cuda/partial_sums.h"

namespace isoloss::device {
namespace {

// Taps whose weights and gradients a thread keeps in registers; later ones are read at every step.
constexpr int kHeldTaps = 4;
// Of them, those whose rows a thread of the gradient asks for before it waits for any: what
// registers have room for, but for 20 bytes that the compiler keeps in memory on sm_100 (none of
// them with two rows at a time; which is faster there was not measured).
template <typename T>
constexpr int kTogether = sizeof(T) == 2 ? kHeldTaps : 1;

std::int64_t width_of(const ConvolutionShape& shape) {
  std::int64_t width = 0;
  for (const ConvolutionPart& part : shape.parts) width += part.width;
  return width;
}

// What kernels know of the parts, the last one repeated where there are fewer.
struct ConvolutionColumns {
  std::int64_t width = 0, length = 0, rows = 0;
  int taps = 0;
  ConvolutionPart parts[3];
  std::int64_t firsts[3];  // column of each part
};

ConvolutionColumns columns_of(const ConvolutionShape& shape) {
  ConvolutionColumns columns{width_of(shape),
                             shape.length,
                             shape.batch * shape.length,
                             static_cast<int>(shape.taps),
                             {},
                             {}};
  std::int64_t first = 0;
  for (std::size_t i = 0; i < 3; ++i) {
    columns.parts[i] = shape.parts[i];
    columns.firsts[i] = first;
    first += shape.parts[i].width;
  }
  return columns;
}

// The filter of the part that `column` lies in, seen from that column.
class Filter {
 public:
  ISOLOSS_INLINE Filter(const ConvolutionColumns& columns, std::int64_t column) {
    const int part = column < columns.firsts[1]                                  ? 0
                     : columns.parts[2].width == 0 || column < columns.firsts[2] ? 1
                                                                                 : 2;
    const ConvolutionPart& mine = columns.parts[part];
    factor = mine.factor;
    part_width = mine.width;
    part_first = columns.firsts[part];
    if (!mine.taps) return;
    taps = columns.taps;
    channels_ = mine.channels;
    weights_ = mine.taps + (column - part_first) % channels_;
  }
  // The eight weights of a tap; of a part without taps, ones.
  ISOLOSS_INLINE Eight at(int tap) const {
    return weights_ ? load_eight(weights_ + tap * channels_) : all_eight(1);
  }

  // Whether there is such a tap, for a step that has `others` of its sequence on the tap's side.
  ISOLOSS_INLINE bool reaches(int tap, int others) const {
    return tap == 0 || (tap < taps && tap <= others);
  }

  int taps = 1;
  float factor = 1;
  std::int64_t part_width = 0, part_first = 0;

 private:
  const float* weights_ = nullptr;
  std::int64_t channels_ = 0;
};

// In 32 bits, where division is many times cheaper.
ISOLOSS_INLINE int step_of(const ConvolutionColumns& columns, std::int64_t row) {
  return static_cast<int>(static_cast<std::uint32_t>(row) %
                          static_cast<std::uint32_t>(columns.length));
}
ISOLOSS_INLINE void multiply_add(Eight& total, const Eight& a, const Eight& b) {
  ISOLOSS_UNROLL
  for (int i = 0; i < 8; ++i) total.at[i] += a.at[i] * b.at[i];
}
// Without a branch, behind which the compiler would read b.
ISOLOSS_INLINE void multiply_add_where(bool there, Eight& total, const Eight& a, const Eight& b) {
  ISOLOSS_UNROLL
  for (int i = 0; i < 8; ++i) {
    const float with = total.at[i] + a.at[i] * b.at[i];
    total.at[i] = there ? with : total.at[i];
  }
}
ISOLOSS_INLINE Eight plus(Eight a, const Eight& b) {
  ISOLOSS_UNROLL
  for (int i = 0; i < 8; ++i) a.at[i] += b.at[i];
  return a;
}
ISOLOSS_INLINE Eight times(Eight a, float factor) {
  ISOLOSS_UNROLL
  for (int i = 0; i < 8; ++i) a.at[i] *= factor;
  return a;
}

// All rows that a thread needs at once are asked for before it waits for any; in place of one
// before the sequence's first it reads its own, and leaves it out. Two blocks a multiprocessor
// leave registers for that, three do not.
template <typename T>
__global__ void __launch_bounds__(kTileThreads, 2)
    convolve(ConvolutionColumns columns, std::int64_t rows_of_part, const T* x, const float* bias,
             T* y) {
  const int thread = static_cast<int>(threadIdx.x);
  const std::int64_t column =
      static_cast<std::int64_t>(blockIdx.x) * kTileColumns + thread % (kTileColumns / 8) * 8;
  if (column >= columns.width) return;
  const Filter filter(columns, column);
  Eight held[kHeldTaps];
  ISOLOSS_UNROLL
  for (int s = 0; s < kHeldTaps; ++s) held[s] = s < filter.taps ? filter.at(s) : all_eight(0);
  const Eight b = bias ? load_eight(bias + column) : all_eight(0);
  const std::int64_t first = static_cast<std::int64_t>(blockIdx.y) * rows_of_part;
  const std::int64_t last =
      first + rows_of_part < columns.rows ? first + rows_of_part : columns.rows;
  const int width = static_cast<int>(columns.width);
  for (std::int64_t row = first + thread / (kTileColumns / 8); row < last; row += kTileRows) {
    const int step = step_of(columns, row);
    const T* from = x + row * columns.width + column;
    Eight total = all_eight(0), in[kHeldTaps];
    ISOLOSS_UNROLL
    for (int s = 0; s < kHeldTaps; ++s)
      in[s] = load_eight(from - (filter.reaches(s, step) ? s * width : 0));
    ISOLOSS_UNROLL
    for (int s = 0; s < kHeldTaps; ++s)
      multiply_add_where(filter.reaches(s, step), total, held[s], plus(in[s], b));
    for (int s = kHeldTaps; s < filter.taps && s <= step; ++s)
      multiply_add(total, filter.at(s), plus(load_eight(from - s * columns.width), b));
    store_eight(y + row * columns.width + column, times(total, filter.factor));
  }
}

// The gradient of taps first_tap .. first_tap + kHeldTaps; that of x and the bias with the first
// of them. A part of `parts` is [taps + 1, width], the bias last. Two blocks a multiprocessor, as
// one alone has too few reads on their way.
template <typename T>
__global__ void __launch_bounds__(kTileThreads, 2)
    convolution_gradient(ConvolutionColumns columns, std::int64_t rows_of_part, int first_tap,
                         const T* x, const float* bias, const T* dy, T* dx, float* parts) {
  __shared__ __align__(16) float shared[kTileRows * kTileColumns];
  const int thread = static_cast<int>(threadIdx.x);
  const std::int64_t first_column = static_cast<std::int64_t>(blockIdx.x) * kTileColumns;
  const std::int64_t column = first_column + thread % (kTileColumns / 8) * 8;
  const bool inside = column < columns.width;
  const Filter filter(columns, inside ? column : 0);
  Eight held[kHeldTaps], d_held[kHeldTaps];
  ISOLOSS_UNROLL
  for (int s = 0; s < kHeldTaps; ++s) {
    held[s] = inside && first_tap == 0 && s < filter.taps ? filter.at(s) : all_eight(0);
    d_held[s] = all_eight(0);
  }
  Eight d_bias = all_eight(0);
  const Eight b = bias && inside ? load_eight(bias + column) : all_eight(0);
  const std::int64_t first = static_cast<std::int64_t>(blockIdx.y) * rows_of_part;
  const std::int64_t last =
      first + rows_of_part < columns.rows ? first + rows_of_part : columns.rows;
  if (inside) {
    const int width = static_cast<int>(columns.width);
    for (std::int64_t row = first + thread / (kTileColumns / 8); row < last; row += kTileRows) {
      // Steps of the sequence after this one: as many see it.
      const int after = static_cast<int>(columns.length) - 1 - step_of(columns, row);
      const std::int64_t at = row * columns.width + column;
      const Eight input = plus(load_eight(x + at), b);
      const T* from = dy + at;
      Eight d_input = all_eight(0);
      ISOLOSS_UNROLL
      for (int i = 0; i < kHeldTaps; i += kTogether<T>) {
        Eight d[kTogether<T>];
        ISOLOSS_UNROLL
        for (int j = 0; j < kTogether<T>; ++j) {
          const int s = first_tap + i + j;
          d[j] = load_eight(from + (filter.reaches(s, after) ? s * width : 0));
        }
        ISOLOSS_UNROLL
        for (int j = 0; j < kTogether<T>; ++j) {
          if (!filter.reaches(first_tap + i + j, after)) continue;
          d[j] = times(d[j], filter.factor);
          multiply_add(d_held[i + j], d[j], input);
          multiply_add(d_input, d[j], held[i + j]);
        }
      }
      if (first_tap > 0) continue;
      ISOLOSS_ROLLED
      for (int s = kHeldTaps; s < filter.taps && s <= after; ++s)
        multiply_add(d_input, times(load_eight(dy + at + s * columns.width), filter.factor),
                     filter.at(s));
      d_bias = plus(d_bias, d_input);
      store_eight(dx + at, d_input);
    }
  }
  float* part = parts + blockIdx.y * (columns.taps + 1) * columns.width;
  ISOLOSS_UNROLL
  for (int i = 0; i < kHeldTaps; ++i) {
    if (first_tap + i >= columns.taps) break;
    sum_tile(d_held[i], shared, part + (first_tap + i) * columns.width, first_column,
             columns.width);
  }
  if (first_tap == 0)
    sum_tile(d_bias, shared, part + columns.taps * columns.width, first_column, columns.width);
}

void check_columns(const ConvolutionShape& shape) {
  for (const ConvolutionPart& part : shape.parts) {
    if (part.width == 0) continue;
    require_eights("a projection's row", part.width);
    if (part.taps) require_eights("a filter", part.channels);
  }
}

LaunchShape tiles_of(const ColumnTiles& cut) {
  return {.grid_x = static_cast<unsigned>(cut.tiles),
          .grid_y = static_cast<unsigned>(cut.parts),
          .threads = kTileThreads};
}

}  // namespace

template <typename T>
void convolution_forward(Stream& stream, const ConvolutionShape& shape, const T* x,
                         const float* bias, T* y) {
  check_columns(shape);
  const ColumnTiles cut = column_tiles(shape.batch * shape.length, width_of(shape));
  launch(stream, tiles_of(cut), convolve<T>, columns_of(shape), cut.rows_of_part, x, bias, y);
}

std::int64_t convolution_scratch(const ConvolutionShape& shape) {
  const std::int64_t width = width_of(shape);
  return column_tiles(shape.batch * shape.length, width).parts * (shape.taps + 1) * width;
}

template <typename T>
void convolution_backward(Stream& stream, const ConvolutionShape& shape, const T* x,
                          const float* bias, const T* dy, T* dx,
                          const std::array<float*, 3>& d_taps, float* d_bias, float* scratch) {
  check_columns(shape);
  const std::int64_t width = width_of(shape);
  const ColumnTiles cut = column_tiles(shape.batch * shape.length, width);
  int first_tap = 0;
  do {
    launch(stream, tiles_of(cut), convolution_gradient<T>, columns_of(shape), cut.rows_of_part,
           first_tap, x, bias, dy, dx, scratch);
    first_tap += kHeldTaps;
  } while (first_tap < shape.taps);
  std::array<SumTarget, 4> targets;
  std::int64_t first = 0;
  for (std::size_t i = 0; i < 3; ++i) {
    const ConvolutionPart& part = shape.parts[i];
    if (part.taps && d_taps[i])
      targets[i] = {d_taps[i], first, part.channels, shape.taps, width, part.width / part.channels};
    first += part.width;
  }
  targets[3] = {d_bias, shape.taps * width, width};
  add_partial_sums(stream, {scratch, cut.parts, (shape.taps + 1) * width}, targets);
}

template void convolution_forward(Stream&, const ConvolutionShape&, const float*, const float*,
                                  float*);
template void convolution_forward(Stream&, const ConvolutionShape&, const simt::Bf16*, const float*,
                                  simt::Bf16*);
template void convolution_backward(Stream&, const ConvolutionShape&, const float*, const float*,
                                   const float*, float*, const std::array<float*, 3>&, float*,
                                   float*);
template void convolution_backward(Stream&, const ConvolutionShape&, const simt::Bf16*,
                                   const float*, const simt::Bf16*, simt::Bf16*,
                                   const std::array<float*, 3>&, float*, float*);

}  // namespace isoloss::device
