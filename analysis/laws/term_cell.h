// One term of a law over a cell of its axes: amount x phi, phi at every point a convex function of
// y, which runs from -1 to 1 along each axis that the term depends on. Being the perspective of a
// convex function, amount x phi(y) is convex in (amount, amount x y) (Boyd & Vandenberghe 2004,
// section 3.2.6); and a plane that lies above phi at every corner lies above it in the whole cell.
#pragma once
#include <Eigen/Core>
#include <array>
#include <vector>

namespace isoloss {

inline constexpr std::size_t kMostTermAxes = 4;
using TermVector = std::array<double, kMostTermAxes>;  // by the term's axes; the rest are zero

// With v and d linear in y, and p linear and positive: phi is e^v, v^2, or e^(v + p ln(1 +
// e^(d/p))), whose logarithm is convex, being the perspective of ln(1 + e^x).
enum class TermKind { Exponential, Square, PowerOfSum };

struct TermCell {
  // Points x (1 + axes): the value at the cell's middle, then what each of y adds.
  using Rows = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

  TermKind kind = TermKind::Exponential;
  std::vector<Eigen::Index> axes;  // the cell's, by the term's
  Rows v, d;                       // d and power: PowerOfSum alone
  Eigen::VectorXd power;           // p: at the middle, then by y
  // Exponential alone: the term is between e^v and e^(v + slack), and what of it is whose. Or
  // empty.
  Eigen::ArrayXd slack;
  Rows slack_by_axis;

  // Made by `finished`.
  Rows above;              // phi is at most above (1, y)
  Eigen::VectorXd common;  // (1, y): ln of what was taken out of phi; amounts are that much larger
  double least_mean = 0;   // over the points, phi's mean is nowhere in the cell below this

  Eigen::Index points() const { return v.rows(); }
  std::size_t size() const { return axes.size(); }
};

// Completes a term of which the first group is given. What all points have in common over the cell
// is taken out of phi: its mean is about one in the middle and at the ends of each axis, so that
// even in a wide cell the amount says how high the term's highest predictions are.
TermCell finished(TermCell term);

// phi at a point; its curvature is the sum of bend x along along^T.
struct TermShape {
  double value = 0;
  TermVector slope = {};
  std::array<double, 2> bend = {};
  std::array<TermVector, 2> along = {};
};
TermShape shape_at(const TermCell& term, Eigen::Index point, const TermVector& y);

// By how much phi sags below its chord along each axis through the middle, and how much slack is
// the axis's, over all points.
TermVector sag_of(const TermCell& term, const Eigen::ArrayXd& weight);

// Amounts are at most this where no prediction's ratio may exceed `room` by the term alone.
double most_amount(const TermCell& term, const Eigen::ArrayXd& room);

}  // namespace isoloss
