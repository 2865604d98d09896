#include "analysis/fit/forecast.h"

#include <algorithm>
#include <cmath>

namespace isoloss {

Forecast forecast(const Law& law, const LawState& centred, const PredictionBasis& basis,
                  FitSpace space, std::span<const double> x) {
  LawData place = law_place(x);
  for (std::size_t r = 0; r < basis.centre.size(); ++r) {
    const auto column = static_cast<Eigen::Index>(r);
    place.centre[column] = basis.centre[r];
    place.z(0, column) -= basis.centre[r];
  }
  const double loss = predict(law, place, centred)[0];
  const Eigen::RowVectorXd slope = jacobian(law, place, centred, space).row(0);
  const double variance = slope * basis.covariance * slope.transpose();
  return {space == FitSpace::Log ? std::log(loss) : loss,
          std::sqrt(std::max(variance, 0.0) + basis.deviation * basis.deviation),
          basis.shift.size() > 0 ? slope.dot(basis.shift) : 0};
}

Interval interval_of(const Forecast& at, const PredictionBasis& basis, FitSpace space,
                     double level) {
  const double half = basis.factor * student_factor(basis.degrees, level) * at.deviation;
  const double low = std::min(at.value, at.value - at.shift - half);
  const double high = std::max(at.value, at.value - at.shift + half);
  if (space == FitSpace::Linear) return {low, high};
  return {std::exp(low), std::exp(high)};
}

}  // namespace isoloss
