// A law that is a power of two terms (LogSum of law.h) in the coordinates in which its logarithm is
// convex: ln excess = B + w, w = p ln(1 + e^(d/p)) - m1 z1, d = delta - m0 z0 + m1 z1, with one
// coefficient beside the exponents, delta, that says how the terms share the excess. Being the
// perspective of ln(1 + e^x), w is convex in (delta, m0, m1, p) together.
#pragma once
#include <Eigen/Core>

#include "analysis/law.h"

namespace isoloss {

// Which axes m0, m1 and p are: delta is the first, tied exponents are one.
struct LogSumAxes {
  Eigen::Index first = 0, second = 0, power = 0, count = 0;
};

LogSumAxes log_sum_axes(const Law& law);

// All exponents within the law's bounds, and every delta at which both terms count for something.
struct LogSumWhole {
  Eigen::ArrayXd low, high;
};
LogSumWhole log_sum_whole(const Law& law, const LawData& data, const LogSumAxes& axes);

// Leaves of a cell what its parts of smaller exponents need: exponents that the law's bounds allow,
// and those delta at which both terms count for something; beyond, a law is that at the end. False:
// nothing is left.
bool clip_log_sum(const Law& law, const LogSumAxes& axes, const LawData& data, Eigen::ArrayXd& low,
                  Eigen::ArrayXd& high);

// w at regressors z0 and z1; the curvature is bend x along along^T.
struct LogSumLook {
  double value = 0, bend = 0;
  Eigen::VectorXd slope, along;  // by axis
};
double log_sum_value(const LogSumAxes& axes, double z0, double z1, const Eigen::VectorXd& place);
LogSumLook log_sum_look(const LogSumAxes& axes, double z0, double z1, const Eigen::VectorXd& place);

// Of B and a place on the axes; without a floor.
LawState log_sum_state(const Law& law, const LogSumAxes& axes, double total,
                       const Eigen::VectorXd& place);

}  // namespace isoloss
