// The reach by looking, against problems whose sublevel sets are known.
#include "analysis/solver/law_narrowing.h"

#include <gtest/gtest.h>

#include <Eigen/Dense>
#include <cmath>

namespace isoloss {
namespace {

const Eigen::Vector2d kAt(3, -2);
const Eigen::Vector2d kCentre(3.02, -1.97);  // descents end near the minimum, not at it

// F = (x - centre)^T Q (x - centre) / 2 + 1: better fits than `known` fill an ellipsoid, in which a
// row's furthest is row centre + sqrt(2 (known - 1) row Q^-1 row). `lost` is said to be left out of
// F.
Narrowing parabola(const Eigen::Matrix2d& curvature, double lost, const Eigen::MatrixXd& rows) {
  Narrowing out;
  out.cone.sides = {{0}};  // that of no place of interest
  out.cone.known = 1.25;
  out.at = kAt;
  out.rows = rows;
  out.ratio = Eigen::ArrayXd::Ones(rows.rows());
  out.look = [curvature, lost](const Eigen::VectorXd& x, double, const Tilt& tilt) {
    ConvexLook look;
    look.value = 1 + (x - kCentre).dot(curvature * (x - kCentre)) / 2;
    look.gradient = curvature * (x - kCentre);
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

double furthest(const Eigen::Matrix2d& curvature, const Eigen::Vector2d& row) {
  return 1 + row.dot(kCentre - kAt) + std::sqrt(2 * .25 * row.dot(curvature.inverse() * row));
}

// Rows along the axes of the ellipsoid are reached but for what the tilt, which is that of a
// parabola with its least at `at`, is off by.
TEST(LawNarrowing, IsNearAlongTheAxesOfAParabola) {
  const Eigen::Matrix2d curvature = matrix(50, 0, 0, 2);
  Eigen::MatrixXd rows(4, 2);
  rows << 1, 0, -1, 0, 0, 1, 0, -1;
  const Eigen::ArrayXd reach =
      narrowed_reach(parabola(curvature, 10, rows), Eigen::ArrayXd::Constant(4, 9));
  for (Eigen::Index i = 0; i < 4; ++i) {
    const double truth = furthest(curvature, rows.row(i).transpose());
    EXPECT_GE(reach[i], truth - 1e-12);
    EXPECT_LT(reach[i], truth + 0.01 * (truth - 1));
  }
}

// Between them by no less than the ellipsoid reaches.
TEST(LawNarrowing, HoldsTheWholeSublevelSet) {
  const Eigen::Matrix2d curvature = matrix(50, 12, 12, 4);
  Eigen::MatrixXd rows(4, 2);
  rows << .3, .1, -.2, .4, .1, -.5, -.7, -.1;
  const Eigen::ArrayXd reach =
      narrowed_reach(parabola(curvature, 10, rows), Eigen::ArrayXd::Constant(4, 9));
  for (Eigen::Index i = 0; i < 4; ++i) {
    const double truth = furthest(curvature, rows.row(i).transpose());
    EXPECT_GE(reach[i], truth - 1e-12);
    EXPECT_LT(reach[i], 1 + 2 * (truth - 1));
  }
}

// What is taken for the curvature says where to look alone: no better fit is left out.
TEST(LawNarrowing, HoldsWhateverTheCurvatureIsTakenFor) {
  const Eigen::Matrix2d curvature = matrix(50, 12, 12, 4);
  const Eigen::MatrixXd rows = Eigen::Matrix2d::Identity();
  Narrowing narrowing = parabola(curvature, 10, rows);
  narrowing.scatter = 1;
  narrowing.look = [of = narrowing.look](const Eigen::VectorXd& x, double knee, const Tilt& tilt) {
    ConvexLook look = of(x, knee, tilt);
    if (knee == 1) look.curvature = matrix(4, 0, 0, 40);
    return look;
  };
  const Eigen::ArrayXd reach = narrowed_reach(narrowing, Eigen::ArrayXd::Constant(2, 99));
  for (Eigen::Index i = 0; i < 2; ++i) {
    EXPECT_GE(reach[i], furthest(curvature, rows.row(i).transpose()) - 1e-12);
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
