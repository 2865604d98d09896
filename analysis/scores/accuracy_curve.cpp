#include "analysis/scores/accuracy_curve.h"

#include <cmath>

#include "analysis/numbers/statistics.h"

namespace isoloss {

double LossOfCompute::loss(double flops) const {
  return floor + coefficient * std::pow(flops, -exponent);
}

double LossOfCompute::flops(double value) const {
  if (!(value > floor)) return kNone;
  return std::pow((value - floor) / coefficient, -1 / exponent);
}

double AccuracyOfLoss::accuracy(double value) const {
  return chance + rise / (1 + std::exp(slope * (value - middle)));
}

double AccuracyOfLoss::loss(double value) const {
  if (!(value > chance && value < chance + rise)) return kNone;
  return middle + std::log(rise / (value - chance) - 1) / slope;
}

}  // namespace isoloss
