// What noise of the losses does to the lines of an isoFLOP law: a vertex follows the losses of its
// budget's points, and budgets that share runs move together. To first order.
#pragma once
#include <Eigen/Core>
#include <optional>
#include <span>
#include <vector>

#include "analysis/fit/isoflop_fit.h"
#include "analysis/fit/loss_noise.h"
#include "analysis/numbers/statistics.h"
#include "analysis/points/points.h"

namespace isoloss {

// Of a budget: its best size, or its best tokens.
enum class OptimumOf { Parameters, Tokens };

// What stands for measured noise where no run has a replicate: the scatter of the points about the
// used rows' parabolas, which holds what these get wrong besides the noise, and therefore each
// budget's own (of three points, that of all). Evaluations of one run go together as far as their
// residuals do, by half at least. Points of other rows have none. Degrees of freedom are points
// less three a parabola, less where budgets scatter unequally (Satterthwaite 1946), and runs less
// three at most. Empty where none is left, and where the points lie on the parabolas.
std::optional<LossNoise> scatter_about_parabolas(std::span<const Point> points,
                                                 const std::vector<IsoflopRow>& rows);

// By how much the ln optima of the used rows follow the losses of `points` points, per nat: [used
// rows, points]. Every used row has the optimum.
Eigen::MatrixXd optima_per_nat(const std::vector<IsoflopRow>& rows, OptimumOf optimum,
                               std::size_t points);

// By how much parabolas put the ln optima of the used rows off, if losses follow the chinchilla law
// that fits the points: vertices of the law's own losses less where the law is least along each
// budget's sizes, whose tokens are taken as a parabola of ln D over ln N. `per_nat`: how that
// follows the points' losses, to first order, as optima_per_nat.
struct OptimaBias {
  Eigen::VectorXd off;
  Eigen::MatrixXd per_nat;
};
// Empty where there is no such law, its losses have a parabola without a vertex, or it is least
// beyond a budget's sizes.
std::optional<OptimaBias> optima_bias(std::span<const Point> points,
                                      const std::vector<IsoflopRow>& rows, OptimumOf optimum);

struct LineNoise {
  Eigen::Matrix2d covariance;  // of (value at the centre, slope)
  Eigen::Vector2d shift;       // what parabolas put these off by
  double deviation = 0;        // of one ln optimum
  double degrees = 0;          // of Student's t
  // Variance of the optima about the line over what the noise explains, at least 1. p: of so large
  // a ratio (F test).
  double misfit = 1, misfit_p = 1;
};

// Of the ordinary least-squares line of ln `optima` over ln `compute`. `noise` is the covariance of
// the optima less their `bias`, `degrees` its own. Where these scatter about the line by more, each
// has as much more variance of its own, and the degrees are the fewer of noise and scatter. Without
// `degrees` the noise is known but for its size, which is then the scatter's; at least three
// optima.
LineNoise line_noise(std::span<const double> compute, std::span<const double> optima,
                     const LogLine& line, const Eigen::MatrixXd& noise,
                     std::optional<double> degrees, const Eigen::VectorXd& bias);

// Student's interval of `part` times (value at the centre, slope), moved back by the shift.
Interval line_interval(const LogLine& line, const LineNoise& noise, const Eigen::Vector2d& part,
                       double level);

}  // namespace isoloss
