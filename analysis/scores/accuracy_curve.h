// Accuracy against compute in two steps, each a closed form that can be inverted: a task's loss
// falls as a power of compute, and accuracy is a sigmoid of the loss (Bhagia et al. 2024, OLMo
// ladder).
#pragma once

namespace isoloss {

// loss = floor + coefficient C^-exponent, C in FLOPs.
struct LossOfCompute {
  double coefficient = 0, exponent = 0, floor = 0;

  double loss(double flops) const;
  double flops(double loss) const;  // NaN at the floor and below
};

// accuracy = chance + rise / (1 + e^(slope (loss - middle))).
struct AccuracyOfLoss {
  double chance = 0, rise = 0, slope = 0, middle = 0;

  double accuracy(double loss) const;
  double loss(double accuracy) const;  // NaN outside (chance, chance + rise)
};

struct AccuracyCurve {
  LossOfCompute loss;
  AccuracyOfLoss accuracy;

  double accuracy_at(double flops) const { return accuracy.accuracy(loss.loss(flops)); }
  // Compute that reaches the accuracy; NaN where none does.
  double flops_at(double value) const { return loss.flops(accuracy.loss(value)); }
};

}  // namespace isoloss
