#include "model/kernels/cuda/adafactor.h"

#include "model/kernels/cuda/double_sum.h"
#include "model/kernels/cuda/update_pieces.h"

namespace isoloss::device {
namespace {

struct AdafactorNumbers {
  float decay_power, epsilon1;
  double clip, epsilon2;
};

// What is mixed into the second moments at this step, (t + 1)^-decay.
ISOLOSS_INLINE float mix_of(const AdafactorNumbers& c, const UpdateInput* input) {
  return powf(static_cast<float>(input->step + 1), -c.decay_power);
}

// Of 32 rows or columns, a lane each, the sums of squares along them; eight threads share the
// partial squares of each. All threads of the block call it, and the first warp's result counts.
ISOLOSS_INLINE float sum_along(const TensorEntry& tensor, const AxisPiece& piece,
                               const float* scratch, float* of_lanes) {
  const bool by_row = piece.axis == 0;
  const std::int64_t size = by_row ? tensor.rows : tensor.columns;
  const std::int64_t across = by_row ? tensor.columns : tensor.rows;
  const std::int64_t of_tile = by_row ? kPieceColumns : kPieceRows;
  const std::int64_t parts = (across + of_tile - 1) / of_tile;
  const std::int64_t i = piece.first + simt::lane();
  const float* squares = scratch + (by_row ? tensor.row_squares : tensor.column_squares) + i;
  float total = 0;
  if (i < size)
    for (std::int64_t part = simt::warp(); part < parts; part += kUpdateWarps)
      total += squares[part * size];
  of_lanes[threadIdx.x] = total;
  simt::sync_block();
  if (simt::warp() > 0) return 0;
  for (int lane = 1; lane < kUpdateWarps; ++lane)
    total += of_lanes[lane * simt::kWarp + simt::lane()];
  return total;
}

// Whether such sums are parts, because other ranks have more of the same rows or columns.
ISOLOSS_INLINE bool is_part(const TensorEntry& tensor, const AxisPiece& piece) {
  return tensor.split >= 0 && piece.axis != tensor.split;
}

__global__ void __launch_bounds__(kUpdateThreads) parts_of_axes(UpdateView table, float* scratch) {
  __shared__ __align__(16) float of_lanes[kUpdateThreads];
  const AxisPiece piece = table.axes[blockIdx.x];
  const TensorEntry tensor = table.tensors[piece.tensor];
  if (!is_part(tensor, piece)) return;
  const float total = sum_along(tensor, piece, scratch, of_lanes);
  const std::int64_t i = piece.first + simt::lane();
  if (simt::warp() == 0 && i < (piece.axis == 0 ? tensor.rows : tensor.columns))
    scratch[tensor.sums_of_ranks + i] = total;
}

// Moments of 32 rows or columns.
__global__ void __launch_bounds__(kUpdateThreads)
    moments_of_axes(UpdateView table, AdafactorNumbers c, const UpdateInput* input,
                    const UpdateState* state, const float* scratch, float* moments) {
  __shared__ __align__(16) float of_lanes[kUpdateThreads];
  if (!state->finite) return;
  const AxisPiece piece = table.axes[blockIdx.x];
  const TensorEntry tensor = table.tensors[piece.tensor];
  const bool by_row = piece.axis == 0;
  const std::int64_t i = piece.first + simt::lane();
  const bool mine = simt::warp() == 0 && i < (by_row ? tensor.rows : tensor.columns);
  float total = 0;
  if (!is_part(tensor, piece))
    total = sum_along(tensor, piece, scratch, of_lanes);
  else if (mine)
    total = scratch[tensor.sums_of_ranks + i];
  if (!mine) return;
  const float clip = state->clip_factor, mix = mix_of(c, input);
  const auto across = static_cast<float>(by_row ? tensor.whole_columns : tensor.whole_rows);
  const float mean = clip * clip * total / across;
  float& moment = moments[tensor.moments + (by_row ? 0 : tensor.rows) + i];
  moment = (1 - mix) * moment + mix * (mean + c.epsilon1);
}

// The mean of the rows' moments, or the part of it that this rank's rows give.
__global__ void __launch_bounds__(kUpdateThreads)
    means_of_rows(UpdateView table, const UpdateState* state, const float* moments,
                  float* scratch) {
  __shared__ __align__(16) double shared[kUpdateThreads];
  const TensorEntry tensor = table.tensors[blockIdx.x];
  if (!state->finite || !tensor.factored) return;
  double total = 0;
  for (std::int64_t row = threadIdx.x; row < tensor.rows; row += kUpdateThreads)
    total += static_cast<double>(moments[tensor.moments + row]);
  total = double_sum<kUpdateThreads>(total, shared);
  // Where rows are not split all ranks have the same.
  if (tensor.split != 0 && !tensor.leads) total = 0;
  if (threadIdx.x == 0)
    statistics(table, scratch).row_means[blockIdx.x] =
        static_cast<float>(total / static_cast<double>(tensor.whole_rows));
}

// 1 / sqrt of the second moments of four elements; of a factored tensor, of row r and column c,
// sqrt(mean of the rows' / row r's) / sqrt(column c's), where a thread's columns stay the same.
class InverseRoots {
 public:
  ISOLOSS_INLINE InverseRoots(const TensorEntry& tensor, const UpdatePiece& piece,
                              const float* moments, float row_mean)
      : factored_(tensor.factored), moments_(moments) {
    const std::int64_t column = piece.first_column + 4 * simt::lane();
    if (!factored_) return;
    root_mean_ = sqrtf(row_mean);
    if (column < tensor.columns) of_columns_ = roots_at(moments + tensor.rows + column, 4);
  }

  ISOLOSS_INLINE Four operator()(std::int64_t row, std::int64_t column, int count) const {
    if (!factored_) return roots_at(moments_ + column, count);
    const float of_row = root_mean_ * simt::inverse_root(moments_[row]);
    Four roots = of_columns_;
    ISOLOSS_UNROLL
    for (int i = 0; i < 4; ++i) roots.at[i] *= of_row;
    return roots;
  }

 private:
  static ISOLOSS_INLINE Four roots_at(const float* moments, int count) {
    Four roots{{0, 0, 0, 0}};
    ISOLOSS_UNROLL
    for (int i = 0; i < 4; ++i)
      if (i < count) roots.at[i] = simt::inverse_root(moments[i]);
    return roots;
  }

  bool factored_;
  const float* moments_;  // of the tensor
  float root_mean_ = 0;
  Four of_columns_{{0, 0, 0, 0}};
};

// Squares of each piece's update before its step, and of its weights. The moments of what is not
// factored are brought up to date on the way.
__global__ void __launch_bounds__(kUpdateThreads)
    squares_of_updates(UpdateView table, AdafactorNumbers c, const UpdateInput* input,
                       const UpdateState* state, AdafactorBuffers buffers, float* scratch) {
  __shared__ __align__(16) float of_warps[32];
  if (!state->finite) return;
  const UpdatePiece piece = table.pieces[blockIdx.x];
  const TensorEntry tensor = table.tensors[piece.tensor];
  const Statistics<float> left = statistics(table, scratch);
  float* moments = buffers.moments + tensor.moments;
  const InverseRoots roots(tensor, piece, moments, left.row_means[piece.tensor]);
  const float clip = state->clip_factor, mix = mix_of(c, input);
  float of_update = 0, of_weights = 0;
  for_each_four(tensor, piece,
                [&](std::int64_t row, std::int64_t column, std::int64_t at, int count) {
                  const Four g = load_four(buffers.gradients + tensor.offset + at, count);
                  const Four w = load_four(buffers.weights + tensor.offset + at, count);
                  if (!tensor.factored) {
                    Four v = load_four(moments + at, count);
                    ISOLOSS_UNROLL
                    for (int i = 0; i < 4; ++i) {
                      const float d = clip * g.at[i];
                      v.at[i] = (1 - mix) * v.at[i] + mix * (d * d + c.epsilon1);
                    }
                    store_four(moments + at, v, count);
                  }
                  const Four root = roots(row, column, count);
                  ISOLOSS_UNROLL
                  for (int i = 0; i < 4; ++i) {
                    const float update = clip * g.at[i] * root.at[i];
                    of_update += update * update;
                    of_weights += w.at[i] * w.at[i];
                  }
                });
  of_update = simt::block_sum<kUpdateThreads>(of_update, of_warps);
  of_weights = simt::block_sum<kUpdateThreads>(of_weights, of_warps);
  if (threadIdx.x > 0) return;
  left.updates[blockIdx.x] = of_update;
  left.weights[blockIdx.x] = of_weights;
}

struct TensorSums {
  double updates, weights;  // squares
};
// All threads of the block call it.
ISOLOSS_INLINE TensorSums sums_of(const TensorEntry& tensor, const Statistics<float>& left,
                                  double* shared) {
  TensorSums sums{0, 0};
  for (std::int32_t i = static_cast<std::int32_t>(threadIdx.x); i < tensor.pieces;
       i += kUpdateThreads) {
    sums.updates += static_cast<double>(left.updates[tensor.first_piece + i]);
    sums.weights += static_cast<double>(left.weights[tensor.first_piece + i]);
  }
  return {double_sum<kUpdateThreads>(sums.updates, shared),
          double_sum<kUpdateThreads>(sums.weights, shared)};
}

ISOLOSS_INLINE float step_of(const TensorEntry& tensor, const AdafactorNumbers& c,
                             const UpdateInput* input, const TensorSums& sums) {
  const auto size = static_cast<double>(tensor.whole_rows * tensor.whole_columns);
  const double root_mean_square = sqrt(sums.weights / size);
  const double scale = root_mean_square > c.epsilon2 ? root_mean_square : c.epsilon2;
  const double past = sqrt(sums.updates / size) / c.clip;
  return static_cast<float>(input->learning_rate * scale / (past > 1 ? past : 1));
}

__global__ void __launch_bounds__(kUpdateThreads)
    steps_of_tensors(UpdateView table, AdafactorNumbers c, const UpdateInput* input,
                     const UpdateState* state, float* scratch) {
  __shared__ __align__(16) double shared[kUpdateThreads];
  if (!state->finite) return;
  const TensorEntry tensor = table.tensors[blockIdx.x];
  const Statistics<float> left = statistics(table, scratch);
  const TensorSums sums = sums_of(tensor, left, shared);
  if (threadIdx.x == 0) left.steps[blockIdx.x] = step_of(tensor, c, input, sums);
}

// The same where ranks share tensors: their sums, and the steps from the sums of these.
__global__ void __launch_bounds__(kUpdateThreads)
    parts_of_tensors(UpdateView table, float* scratch, float* parts) {
  __shared__ __align__(16) double shared[kUpdateThreads];
  const TensorEntry tensor = table.tensors[blockIdx.x];
  const TensorSums sums = sums_of(tensor, statistics(table, scratch), shared);
  if (threadIdx.x > 0) return;
  const bool counts = counts_here(tensor);
  parts[2 * blockIdx.x] = counts ? static_cast<float>(sums.updates) : 0;
  parts[2 * blockIdx.x + 1] = counts ? static_cast<float>(sums.weights) : 0;
}

__global__ void __launch_bounds__(kUpdateThreads)
    steps_of_parts(UpdateView table, AdafactorNumbers c, const UpdateInput* input,
                   const UpdateState* state, const float* sums, float* scratch) {
  const std::int64_t i = std::int64_t{blockIdx.x} * kUpdateThreads + threadIdx.x;
  if (!state->finite || i >= table.tensor_count) return;
  statistics(table, scratch).steps[i] =
      step_of(table.tensors[i], c, input,
              {static_cast<double>(sums[2 * i]), static_cast<double>(sums[2 * i + 1])});
}

__global__ void __launch_bounds__(kUpdateThreads)
    adafactor_pieces(UpdateView table, const UpdateState* state, AdafactorBuffers buffers,
                     const float* scratch) {
  if (!state->finite) return;
  const UpdatePiece piece = table.pieces[blockIdx.x];
  const TensorEntry tensor = table.tensors[piece.tensor];
  const Statistics<const float> left = statistics(table, scratch);
  const InverseRoots roots(tensor, piece, buffers.moments + tensor.moments,
                           left.row_means[piece.tensor]);
  const float step = left.steps[piece.tensor] * state->clip_factor;
  for_each_four(tensor, piece,
                [&](std::int64_t row, std::int64_t column, std::int64_t at, int count) {
                  const std::int64_t element = tensor.offset + at;
                  const Four g = load_four(buffers.gradients + element, count);
                  const Four root = roots(row, column, count);
                  Four w = load_four(buffers.weights + element, count);
                  ISOLOSS_UNROLL
                  for (int i = 0; i < 4; ++i) w.at[i] -= step * g.at[i] * root.at[i];
                  store_four(buffers.weights + element, w, count);
                  if (buffers.rounded) store_four(buffers.rounded + element, w, count);
                });
}

}  // namespace

void adafactor_update(Stream& stream, const UpdateTable& table, const AdafactorSettings& settings,
                      const UpdateInput* input, const UpdateState* state,
                      const AdafactorBuffers& buffers, float* scratch, const SumOverRanks& sum) {
  if (table.tensors.empty()) return;
  const AdafactorNumbers numbers{static_cast<float>(settings.decay),
                                 static_cast<float>(settings.epsilon1), settings.clip,
                                 settings.epsilon2};
  const UpdateView seen = view(table);
  const auto each = [](std::int64_t blocks) {
    return LaunchShape{.grid_x = static_cast<unsigned>(blocks), .threads = kUpdateThreads};
  };
  if (table.axes.size() > 0) {
    if (sum && table.size_of_axes > 0) {
      launch(stream, each(table.axes.size()), parts_of_axes, seen, scratch);
      sum(stream, scratch + table.sums_of_axes, table.size_of_axes);
    }
    launch(stream, each(table.axes.size()), moments_of_axes, seen, numbers, input, state,
           static_cast<const float*>(scratch), buffers.moments);
    launch(stream, each(seen.tensor_count), means_of_rows, seen, state,
           static_cast<const float*>(buffers.moments), scratch);
    if (sum) sum(stream, scratch + table.row_means, seen.tensor_count);
  }
  launch(stream, each(seen.piece_count), squares_of_updates, seen, numbers, input, state, buffers,
         scratch);
  if (sum) {
    float* const parts = scratch + table.sums_of_tensors;
    launch(stream, each(seen.tensor_count), parts_of_tensors, seen, scratch, parts);
    sum(stream, parts, 2 * seen.tensor_count);
    launch(stream, each((seen.tensor_count + kUpdateThreads - 1) / kUpdateThreads), steps_of_parts,
           seen, numbers, input, state, static_cast<const float*>(parts), scratch);
  } else {
    launch(stream, each(seen.tensor_count), steps_of_tensors, seen, numbers, input, state, scratch);
  }
  launch(stream, each(seen.piece_count), adafactor_pieces, seen, state, buffers,
         static_cast<const float*>(scratch));
}

}  // namespace isoloss::device
