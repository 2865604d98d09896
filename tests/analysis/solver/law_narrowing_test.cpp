// The reach by looking, against problems whose sublevel sets are known.
#include "analysis/solver/law_narrowing.h"

#include <gtest/gtest.h>

#include <cmath>

namespace isoloss {
namespace {

// F = (x - at)^T Q (x - at) / 2 + 1: better fits than `known` fill an ellipsoid, in which a row's
// furthest is sqrt(2 (known - 1) row Q^-1 row). A tilt t brings its least down by t^T Q^-1 t / 2.
// `lost` is said to be left out of F.
Narrowing parabola(const Eigen::Matrix2d& curvature, double lost, const Eigen::MatrixXd& rows) {
  Narrowing out;
  out.cone.sides = {{0}};  // that of no place of interest
  out.cone.known = 1.25;
  out.at = Eigen::Vector2d(3, -2);
  out.rows = rows;
  out.ratio = Eigen::ArrayXd::Ones(rows.rows());
  out.look = [curvature, lost, at = out.at](const Eigen::VectorXd& x, double, const Tilt& tilt) {
    ConvexLook look;
    look.value = 1 + (x - at).dot(curvature * (x - at)) / 2;
    look.gradient = curvature * (x - at);
    look.curvature = curvature;
    look.weight = ConvexMatrix::Zero(2, 2);
    look.lost = lost;
    if (tilt.slope.size() > 0) {
      look.value -= tilt.slope.dot(x - tilt.at);
      look.gradient -= tilt.slope;
    }
    look.bound = look.value - look.gradient.dot(curvature.inverse() * look.gradient) / 2;
    return look;
  };
  return out;
}

Eigen::Matrix2d matrix(double a, double b, double c, double d) {
  Eigen::Matrix2d out;
  out << a, b, c, d;
  return out;
}

// Rows along the axes of the ellipsoid are reached exactly.
TEST(LawNarrowing, IsExactAlongTheAxesOfAParabola) {
  const Narrowing narrowing = parabola(matrix(50, 0, 0, 2), 10, Eigen::Matrix2d::Identity());
  const Eigen::ArrayXd reach = narrowed_reach(narrowing, Eigen::ArrayXd::Constant(2, 9));
  EXPECT_NEAR(reach[0], 1 + std::sqrt(2 * .25 / 50), 1e-12);
  EXPECT_NEAR(reach[1], 1 + std::sqrt(2 * .25 / 2), 1e-12);
}

// Between them by no less than the ellipsoid reaches, and by no more than the box about it.
TEST(LawNarrowing, HoldsTheWholeSublevelSet) {
  const Eigen::Matrix2d curvature = matrix(50, 12, 12, 4);
  Eigen::MatrixXd rows(4, 2);
  rows << .3, .1, -.2, .4, .1, -.5, -.7, -.1;
  const Eigen::ArrayXd reach =
      narrowed_reach(parabola(curvature, 10, rows), Eigen::ArrayXd::Constant(4, 9));
  for (Eigen::Index i = 0; i < 4; ++i) {
    const Eigen::Vector2d row = rows.row(i).transpose();
    const double furthest = std::sqrt(2 * .25 * row.dot(curvature.inverse() * row));
    EXPECT_GE(reach[i], 1 + furthest - 1e-12);
    EXPECT_LE(reach[i], 1 + furthest * std::sqrt(2) + 1e-12);
  }
}

// What is taken for the curvature says where to look alone: no better fit is left out.
TEST(LawNarrowing, HoldsWhateverTheCurvatureIsTakenFor) {
  const Eigen::Matrix2d curvature = matrix(50, 12, 12, 4);
  Narrowing narrowing = parabola(curvature, 10, Eigen::Matrix2d::Identity());
  narrowing.scatter = 1;
  narrowing.look = [of = narrowing.look](const Eigen::VectorXd& x, double knee, const Tilt& tilt) {
    ConvexLook look = of(x, knee, tilt);
    if (knee == 1) look.curvature = matrix(4, 0, 0, 40);
    return look;
  };
  const Eigen::ArrayXd reach = narrowed_reach(narrowing, Eigen::ArrayXd::Constant(2, 99));
  const Eigen::Matrix2d inverse = curvature.inverse();
  for (Eigen::Index i = 0; i < 2; ++i) {
    EXPECT_GE(reach[i], 1 + std::sqrt(2 * .25 * inverse(i, i)) - 1e-12);
    EXPECT_LT(reach[i], 99);
  }
}

TEST(LawNarrowing, IsLeftOutWhereChordsCostLittle) {
  const Narrowing narrowing = parabola(matrix(50, 0, 0, 2), 1e-3, Eigen::Matrix2d::Identity());
  const Eigen::ArrayXd reach = Eigen::ArrayXd::Constant(2, 9);
  EXPECT_TRUE((narrowed_reach(narrowing, reach) == reach).all());
}

}  // namespace
}  // namespace isoloss
