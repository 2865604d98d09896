// Adafactor's update of one tensor (adafactor.h has the formulas and their source), or of this
// rank's shard of it, in three passes over its memory.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "harness/files/lane_sum.h"
#include "harness/training/adafactor.h"

namespace isoloss {

struct AdafactorRates {
  double decay = 0;  // of the second moments at this step
  double learning_rate = 0;
};

// Of the whole tensor along an axis, and all of its elements, also where this rank has a shard.
std::size_t whole_extent(const Parameter& parameter, int axis);
double whole_size(const Parameter& parameter);

// Between the passes the ranks that share the tensor add up what each saw of it: everything that a
// pass leaves for the next one is in `sums` or in the moments.
template <typename Real>
class AdafactorTensor {
 public:
  AdafactorTensor(const Parameter& parameter, const OptimizerSpec& spec,
                  const AdafactorRates& rates, std::span<const Real> gradients,
                  std::span<Real> weights, std::span<Real> moments)
      : spec_(spec),
        rates_(rates),
        split_axis_(parameter.whole_extent > 0 ? parameter.tensor_axis : -1),
        gradients_(gradients),
        weights_(weights),
        moments_(moments),
        threads_(std::ssize(gradients) >= kElementsWorthThreads),
        whole_size_(whole_size(parameter)) {
    if (!is_factored(parameter, spec.min_dim_factored)) return;
    rows_ = static_cast<std::size_t>(parameter.shape[0]);
    columns_ = static_cast<std::size_t>(parameter.shape[1]);
    whole_rows_ = static_cast<double>(whole_extent(parameter, 0));
    whole_columns_ = static_cast<double>(whole_extent(parameter, 1));
    rows_of_block_ = std::max(kFewestRows, (rows_ + kRowBlocks - 1) / kRowBlocks);
  }

  // Squares of the update before its scale and of the weights; of a factored tensor also by column,
  // the mean over rows, by row.
  std::size_t sums_size() const { return 2 + (rows_ == 0 ? 0 : columns_ + 1 + rows_); }
  void use(std::span<double> sums, AdafactorScratch& scratch) {
    squares_ = sums.data();
    sums_ = squares_ + 2;
    scratch_ = &scratch;
  }

  // Pass 1: squares of the gradients. `moment_sums` is then what is summed over ranks.
  void measure_gradients() {
    if (rows_ == 0) return mix_moments();
    const std::size_t blocks = (rows_ + rows_of_block_ - 1) / rows_of_block_;
    std::vector<double>& of_blocks = scratch_->blocks;
    of_blocks.resize(blocks * columns_);
#pragma omp parallel for schedule(static) if (threads_)
    for (std::size_t block = 0; block < blocks; ++block)
      measure_rows(block * rows_of_block_, std::min(rows_, (block + 1) * rows_of_block_),
                   of_blocks.data() + block * columns_);
#pragma omp parallel for simd schedule(static) if (threads_)
    for (std::size_t c = 0; c < columns_; ++c) {
      double sum = 0;
      for (std::size_t block = 0; block < blocks; ++block) sum += of_blocks[block * columns_ + c];
      sums_[c] = sum;
    }
    sums_[columns_] = 0;
    if (split_axis_ != 1) finish_rows();
  }
  std::span<double> moment_sums() {
    if (rows_ == 0 || split_axis_ < 0) return {};
    // Rows that are cut have partial sums; else the columns are cut, and the mean over rows.
    return split_axis_ == 1 ? std::span(sums_ + columns_ + 1, rows_)
                            : std::span(sums_, columns_ + 1);
  }

  // Pass 2: squares of the update and of the weights.
  void measure_update() {
    const Real* g = gradients_.data();
    if (rows_ == 0) {
      const Real* v = moments_.data();
      squares_[0] = block_sum(gradients_.size(), scratch_->blocks, [g, v](std::size_t i) {
        return static_cast<double>(g[i] * g[i] / v[i]);
      });
    } else {
      if (split_axis_ == 1) finish_rows();
      finish_columns();
      squares_[0] = sum_of_rows();
    }
    const Real* w = weights_.data();
    squares_[1] = block_sum(weights_.size(), scratch_->blocks, [w](std::size_t i) {
      const auto weight = static_cast<double>(w[i]);
      return weight * weight;
    });
  }
  std::span<double> update_sums() {
    return split_axis_ < 0 ? std::span<double>() : std::span(squares_, 2);
  }

  // Pass 3.
  void apply() {
    const double scale = std::max(spec_.adafactor_epsilon2, std::sqrt(squares_[1] / whole_size_));
    const double clipping =
        std::max(1.0, std::sqrt(squares_[0] / whole_size_) / spec_.adafactor_clip);
    const Real size = static_cast<Real>(rates_.learning_rate * scale / clipping);
    const Real* __restrict g = gradients_.data();
    Real* __restrict w = weights_.data();
    if (rows_ == 0) {
      const Real* __restrict v = moments_.data();
      const auto count = std::ssize(gradients_);
#pragma omp parallel for simd schedule(static) if (threads_)
      for (std::int64_t i = 0; i < count; ++i) w[i] -= size * g[i] / std::sqrt(v[i]);
      return;
    }
    const Real* __restrict of_column = column_factors();
#pragma omp parallel for schedule(static) if (threads_)
    for (std::size_t r = 0; r < rows_; ++r) {
      const Real factor = size * row_factor(r);
      const Real* __restrict from = g + r * columns_;
      Real* __restrict to = w + r * columns_;
      for (std::size_t c = 0; c < columns_; ++c) to[c] -= from[c] * factor * of_column[c];
    }
  }

 private:
  static constexpr std::int64_t kElementsWorthThreads = 65536;
  static constexpr std::size_t kBlock = 16384;  // elements whose sum is one thread's
  static constexpr std::size_t kRowBlocks = 32, kFewestRows = 16;

  // Sum of term(0) .. term(count - 1) by blocks of fixed size, added in order.
  template <typename Term>
  static double block_sum(std::size_t count, std::vector<double>& sums, Term term) {
    const std::size_t blocks = (count + kBlock - 1) / kBlock;
    sums.resize(blocks);
#pragma omp parallel for schedule(static) if (blocks > 4)
    for (std::size_t i = 0; i < blocks; ++i)
      sums[i] = lane_sum(std::min(kBlock, count - i * kBlock),
                         [&](std::size_t j) { return term(i * kBlock + j); });
    double sum = 0;
    for (const double of_block : sums) sum += of_block;
    return sum;
  }

  void mix_moments() {
    const Real keep = static_cast<Real>(rates_.decay);
    const Real mix = static_cast<Real>(1 - rates_.decay);
    const Real epsilon = static_cast<Real>(spec_.adafactor_epsilon1);
    const Real* __restrict g = gradients_.data();
    Real* __restrict v = moments_.data();
    const auto count = std::ssize(gradients_);
#pragma omp parallel for simd schedule(static) if (threads_)
    for (std::int64_t i = 0; i < count; ++i) v[i] = keep * v[i] + mix * (g[i] * g[i] + epsilon);
  }

  // Squares of rows [first, last): by row, and by column into `of_column`.
  void measure_rows(std::size_t first, std::size_t last, double* __restrict of_column) {
    std::fill_n(of_column, columns_, 0.0);
    for (std::size_t r = first; r < last; ++r) {
      const Real* __restrict g = gradients_.data() + r * columns_;
      sums_[columns_ + 1 + r] = lane_sum(columns_, [&](std::size_t c) {
        const double square = static_cast<double>(g[c]) * static_cast<double>(g[c]);
        of_column[c] += square;
        return square;
      });
    }
  }

  double sum_of_rows() {
    const Real* of_column = column_factors();
    std::vector<double>& of_rows = scratch_->blocks;
    of_rows.resize(rows_);
#pragma omp parallel for schedule(static) if (threads_)
    for (std::size_t r = 0; r < rows_; ++r) {
      const Real* g = gradients_.data() + r * columns_;
      const Real factor = row_factor(r);
      of_rows[r] = lane_sum(columns_, [=](std::size_t c) {
        const auto update = static_cast<double>(g[c] * factor * of_column[c]);
        return update * update;
      });
    }
    double sum = 0;
    for (const double of_row : of_rows) sum += of_row;
    return sum;
  }

  Real mixed(Real moment, double mean) const {
    return static_cast<Real>(rates_.decay * static_cast<double>(moment) +
                             (1 - rates_.decay) * (mean + spec_.adafactor_epsilon1));
  }
  void finish_rows() {
    double& mean_over_rows = sums_[columns_];
    for (std::size_t r = 0; r < rows_; ++r) {
      moments_[r] = mixed(moments_[r], sums_[columns_ + 1 + r] / whole_columns_);
      mean_over_rows += static_cast<double>(moments_[r]) / whole_rows_;
    }
  }
  void finish_columns() {
    for (std::size_t c = 0; c < columns_; ++c)
      moments_[rows_ + c] = mixed(moments_[rows_ + c], sums_[c] / whole_rows_);
  }
  // 1 / sqrt of the column's moment, in memory that the next tensor uses too.
  const Real* column_factors() {
    std::vector<Real>& factors = scratch_->factors<Real>();
    factors.resize(columns_);
    for (std::size_t c = 0; c < columns_; ++c)
      factors[c] = static_cast<Real>(1 / std::sqrt(static_cast<double>(moments_[rows_ + c])));
    return factors.data();
  }
  Real row_factor(std::size_t r) const {
    return static_cast<Real>(std::sqrt(sums_[columns_] / static_cast<double>(moments_[r])));
  }

  const OptimizerSpec& spec_;
  AdafactorRates rates_;
  int split_axis_;
  std::span<const Real> gradients_;
  std::span<Real> weights_;
  std::span<Real> moments_;  // of a factored tensor: its rows, then its columns
  bool threads_;
  double whole_size_;
  std::size_t rows_ = 0, columns_ = 0;  // zero where it is not factored
  std::size_t rows_of_block_ = 0;
  double whole_rows_ = 0, whole_columns_ = 0;
  double *squares_ = nullptr, *sums_ = nullptr;
  AdafactorScratch* scratch_ = nullptr;
};

}  // namespace isoloss
