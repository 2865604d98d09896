// A law over a cell of its shape parameters, as branch and bound sees it (law_cell_bound.h): a
// floor and coefficients times terms. A term is replaced by two others: one that is convex in some
// axes of the cell and never above it, and its values at the cell's corners, whose mixtures are
// never below it. The kinds of terms:
//   powers (power, chinchilla, overtraining): e^(s x), s the exponent, is convex in s
//   a valley (surface): (ln N - a ln C - g)^2 is convex in (a, g)
//   a power of two terms (kaplan, gamma): e^w, w convex as law_log_sum.h has it
//   repeats (data_constrained): e^(s x) with x between its values at the ends of what decays
// Convex in all of its axes, a term's own values at the corners are never below it.
#pragma once
#include <Eigen/Core>
#include <array>
#include <functional>
#include <optional>
#include <vector>

#include "analysis/law.h"

namespace isoloss {

using TermAxisList = std::vector<Eigen::Index>;  // which of a cell's axes a term is convex in

struct CellBox {
  Eigen::ArrayXd low, high;  // by axis

  Eigen::ArrayXd middle() const { return (low + high) / 2; }
};

inline constexpr std::size_t kMostTermAxes = 4;
using TermAxes = std::array<double, kMostTermAxes>;

// Value, gradient and curvature (the sum of bend x along along^T) by a term's axes.
struct TermLook {
  double value = 0;
  TermAxes slope{};
  std::array<double, 2> bend{};
  std::array<TermAxes, 2> along{};
};

// A term over one cell, in nats at a coefficient of one.
struct CellTerm {
  // Convex in the term's axes, whose place counts from the cell's middle.
  std::function<TermLook(Eigen::Index point, const TermAxes& place)> low;
  Eigen::MatrixXd high;  // points x corners; bit j of a corner: the upper end of axis j
  Eigen::ArrayXd least;  // by point: `low` is nowhere in the cell below it
};

// Where the relaxed minimum lies: each term's coefficient, and its place by its own axes.
struct CellPlace {
  Eigen::ArrayXd coefficient;
  std::vector<TermAxes> axes;
  double floor = 0;
};

struct CellLaw {
  CellBox whole;                   // every shape within the law's bounds
  std::vector<TermAxisList> axes;  // of each term
  // Of a cell; empty where its numbers are beyond what a double holds.
  std::function<std::vector<CellTerm>(const CellBox&)> terms_of;
  // Coefficients that no fit exceeds whose predictions leave each point the given nats: infinite
  // where the law does not say.
  std::function<Eigen::ArrayXd(const Eigen::ArrayXd& room)> most;
  // Leaves of a cell what no other cell has; false: nothing.
  std::function<bool(CellBox&)> clip;
  std::function<LawState(const CellBox&, const CellPlace&)> state;
};

// Whether a law has one; `data` outlives it.
bool has_cell_law(const Law& law);
CellLaw cell_law(const Law& law, const LawData& data);

// By kind of term; cell_law chooses.
CellLaw cell_law_of_powers(const Law& law, const LawData& data);
CellLaw cell_law_of_log_sum(const Law& law, const LawData& data);
CellLaw cell_law_of_repeats(const Law& law, const LawData& data);

// e^(at_zero + place x) by point, x between `lowest` and `highest`, on one axis that is not
// negative. `lowest` and `highest` are equal for a power.
CellTerm exponential_term(const CellBox& box, Eigen::Index axis, const Eigen::ArrayXd& at_zero,
                          const Eigen::ArrayXd& lowest, const Eigen::ArrayXd& highest);

// The corner's place on the term's axes, relative to the cell's middle.
TermAxes corner_of(const CellBox& box, const TermAxisList& axes, unsigned corner);

}  // namespace isoloss
