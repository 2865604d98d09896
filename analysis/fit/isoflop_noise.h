// What noise of the losses does to the lines of an isoFLOP law: a vertex follows the losses of its
// budget's points, and budgets that share runs move together. To first order.
#pragma once
#include <Eigen/Core>
#include <optional>
#include <span>
#include <vector>

#include "analysis/fit/isoflop_fit.h"
#include "analysis/fit/loss_noise.h"
#include "analysis/points/points.h"

namespace isoloss {

// Of a budget: its best size, or its best tokens.
enum class Optimum { Parameters, Tokens };

// What stands for seed noise where no run has a replicate: the scatter of the points about the
// parabolas of the used rows, which holds what these get wrong besides the noise. Degrees of
// freedom are points less three a parabola, or runs less three where that is fewer, because
// evaluations of one run are one draw. Empty where none is left, and where the points lie on the
// parabolas.
std::optional<SeedNoise> scatter_about_parabolas(std::span<const Point> points,
                                                 const std::vector<IsoflopRow>& rows);

// Covariance of the ln optima of the used rows. `noise` is of the losses of the points that gave
// the rows; every used row has the optimum.
Eigen::MatrixXd optima_covariance(const std::vector<IsoflopRow>& rows, Optimum optimum,
                                  const LossNoise& noise);
// Where losses are independent and alike, of variance 1.
Eigen::MatrixXd optima_covariance(const std::vector<IsoflopRow>& rows, Optimum optimum);

// By how much parabolas put the ln optima of the used rows off, if losses follow the chinchilla law
// that fits the points (as frontier_bias.h). Empty where there is no such law, or its own losses
// have a parabola without a vertex.
struct OptimaBias {
  Eigen::VectorXd parameters, tokens;
};
std::optional<OptimaBias> optima_bias(std::span<const Point> points,
                                      const std::vector<IsoflopRow>& rows);

struct LineNoise {
  Eigen::Matrix2d covariance;  // of (value at the centre, slope)
  Eigen::Vector2d shift;       // what parabolas put these off by
  double deviation = 0;        // of one ln optimum
  double degrees = 0;          // of Student's t
  // Variance of the optima about the line over what the noise explains, at least 1. p: of so large
  // a ratio (F test).
  double misfit = 1, misfit_p = 1;
};

// Of the ordinary least-squares line of ln `optima` over ln `compute`. `noise` is their covariance,
// `degrees` its own; where the optima scatter about the line by more, covariance and deviation are
// scaled up to that, and the degrees are the fewer of the two. Without `degrees` the noise is known
// but for its size, which is then the scatter's; at least three optima. `bias` [optima] is taken
// out of the scatter.
LineNoise line_noise(std::span<const double> compute, std::span<const double> optima,
                     const LogLine& line, const Eigen::MatrixXd& noise,
                     std::optional<double> degrees, const Eigen::VectorXd& bias);

// Student's interval of `part` times (value at the centre, slope), moved back by the shift.
Interval line_interval(const LogLine& line, const LineNoise& noise, const Eigen::Vector2d& part,
                       double level);

}  // namespace isoloss
