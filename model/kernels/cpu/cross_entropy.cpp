#include "model/kernels/cpu/cross_entropy.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include "model/kernels/cpu/exponential.h"
#include "model/kernels/cpu/parts.h"
#include "model/kernels/cpu/places.h"

namespace isoloss {
namespace {

template <typename Stored>
RealOf<Stored> largest_of(const Stored* row, std::int64_t n) {
  return largest_of_places(n, real(row[0]), [=](auto at) { return read(row, at); });
}

// Writes exp(row - largest), which may be the row itself, and returns the sum.
template <typename Stored, typename Real>
Real exponentials(const Stored* row, std::int64_t n, Real largest, Real* to) {
  return sum_of_places<Real>(n, [=](auto at) {
    const auto e = exponential(read(row, at) - largest);
    write(to, at, e);
    return e;
  });
}

// What is summed over ranks: each has a part of a row.
template <typename Real>
struct RowSums {
  std::vector<Real> largest, sum, chosen;
};

// The rows of one rank's part of the vocabulary.
template <typename Stored>
class GradientRows {
 public:
  using Real = RealOf<Stored>;
  GradientRows(const LogitsShape& shape, Stored* logits, const std::int64_t* targets, double z_loss)
      : n_(shape.vocabulary),
        first_(shape.first),
        share_(1.0 / static_cast<double>(shape.rows)),
        z_loss_(z_loss),
        logits_(logits),
        targets_(targets) {}

  Real largest(std::int64_t r) const { return largest_of(row(r), n_); }
  // The target's logit where it is in this part.
  Real chosen(std::int64_t r) const { return here(r) ? real(row(r)[place(r)]) : Real(0); }
  Real exponentials_of(std::int64_t r, Real largest, Real* to) const {
    return exponentials(row(r), n_, largest, to);
  }
  // Overwrites the row by its gradient, given its exponentials, and returns its loss.
  double finish(std::int64_t r, Real largest, Real sum, Real chosen, const Real* exponentials) {
    const double log_z = static_cast<double>(largest) + std::log(static_cast<double>(sum));
    const auto factor =
        static_cast<Real>(share_ * (1.0 + 2.0 * z_loss_ * log_z) / static_cast<double>(sum));
    Stored* to = row(r);
    for_places<Real>(0, n_, [=](auto at) { write(to, at, read(exponentials, at) * factor); });
    if (here(r))
      to[place(r)] = stored<Stored>(exponentials[place(r)] * factor - static_cast<Real>(share_));
    return log_z - static_cast<double>(chosen);
  }

 private:
  Stored* row(std::int64_t r) const { return logits_ + r * n_; }
  std::int64_t place(std::int64_t r) const { return targets_[r] - first_; }
  bool here(std::int64_t r) const { return place(r) >= 0 && place(r) < n_; }

  std::int64_t n_, first_;
  double share_, z_loss_;
  Stored* logits_;
  const std::int64_t* targets_;
};

// Room for one row, of each thread.
template <typename Real>
Real* row_memory(std::int64_t n) {
  static thread_local std::vector<Real> memory;
  if (memory.size() < static_cast<std::size_t>(n)) memory.resize(static_cast<std::size_t>(n));
  return memory.data();
}

// Each row is whole here: it is read once and written once.
template <typename Stored>
void one_rank(const LogitsShape& shape, GradientRows<Stored>& rows, std::vector<double>& losses) {
  for_rows(shape.rows, shape.vocabulary, [&](std::int64_t first, std::int64_t last) {
    auto* memory = row_memory<RealOf<Stored>>(shape.vocabulary);
    for (std::int64_t r = first; r < last; ++r) {
      const auto largest = rows.largest(r);
      const auto chosen = rows.chosen(r);
      const auto sum = rows.exponentials_of(r, largest, memory);
      losses[static_cast<std::size_t>(r)] = rows.finish(r, largest, sum, chosen, memory);
    }
  });
}

template <typename Stored>
void many_ranks(const LogitsShape& shape, GradientRows<Stored>& rows, std::vector<double>& losses) {
  using Real = RealOf<Stored>;
  RowSums<Real> sums;
  sums.largest.resize(losses.size());
  sums.sum.resize(losses.size());
  sums.chosen.resize(losses.size());
  const auto each_row = [&](const auto& work) {
    for_rows(shape.rows, shape.vocabulary, [&](std::int64_t first, std::int64_t last) {
      Real* memory = row_memory<Real>(shape.vocabulary);
      for (std::int64_t r = first; r < last; ++r) work(r, static_cast<std::size_t>(r), memory);
    });
  };
  each_row([&](std::int64_t r, std::size_t i, Real*) { sums.largest[i] = rows.largest(r); });
  shape.ranks->all_reduce_max(std::span<Real>(sums.largest));
  each_row([&](std::int64_t r, std::size_t i, Real* memory) {
    sums.sum[i] = rows.exponentials_of(r, sums.largest[i], memory);
    sums.chosen[i] = rows.chosen(r);
  });
  shape.ranks->all_reduce_sum(std::span<Real>(sums.sum));
  shape.ranks->all_reduce_sum(std::span<Real>(sums.chosen));
  each_row([&](std::int64_t r, std::size_t i, Real* memory) {
    rows.exponentials_of(r, sums.largest[i], memory);
    losses[i] = rows.finish(r, sums.largest[i], sums.sum[i], sums.chosen[i], memory);
  });
}

}  // namespace

template <typename Stored>
double cross_entropy_gradient(const LogitsShape& shape, Stored* logits, const std::int64_t* targets,
                              double z_loss) {
  GradientRows<Stored> rows(shape, logits, targets, z_loss);
  std::vector<double> losses(static_cast<std::size_t>(shape.rows));
  if (shape.ranks == nullptr || shape.ranks->size() == 1)
    one_rank(shape, rows, losses);
  else
    many_ranks(shape, rows, losses);
  double total = 0;
  for (const double loss : losses) total += loss;
  return total / static_cast<double>(shape.rows);
}

template <typename Real>
void cross_entropy_losses(const LogitsShape& shape, Real* logits, const std::int64_t* targets,
                          float* losses, std::uint8_t* greedy) {
  const std::int64_t n = shape.vocabulary;
  for_rows(shape.rows, n, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t r = first; r < last; ++r) {
      Real* row = logits + r * n;
      const Real largest = largest_of(row, n);
      const Real chosen = row[targets[r]];
      greedy[r] =
          std::find(row, row + targets[r], largest) == row + targets[r] && chosen == largest;
      const Real sum = exponentials(row, n, largest, row);
      losses[r] = static_cast<float>(static_cast<double>(largest) - static_cast<double>(chosen) +
                                     std::log(static_cast<double>(sum)));
    }
  });
}

#define ISOLOSS_CROSS_ENTROPY(Stored) \
  template double cross_entropy_gradient(const LogitsShape&, Stored*, const std::int64_t*, double);
ISOLOSS_CROSS_ENTROPY(float)
ISOLOSS_CROSS_ENTROPY(double)
ISOLOSS_CROSS_ENTROPY(c10::BFloat16)
#undef ISOLOSS_CROSS_ENTROPY
template void cross_entropy_losses(const LogitsShape&, float*, const std::int64_t*, float*,
                                   std::uint8_t*);
template void cross_entropy_losses(const LogitsShape&, double*, const std::int64_t*, float*,
                                   std::uint8_t*);

}  // namespace isoloss
