// Step 2 of accuracy from compute: accuracy over a task's loss. A model that predicts the answers'
// text equally well should answer equally well whatever it is made of, so one sigmoid serves all
// architectures; whether it does is tested.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "analysis/scores/accuracy_curve.h"
#include "analysis/scores/accuracy_points.h"
#include "analysis/solver/law_solver.h"

namespace isoloss {

struct SigmoidFit {
  LawData data;
  LawSolution solution;
  AccuracyOfLoss curve;
  double squares = 0;    // sum of squared residuals
  double deviation = 0;  // of a point about it, over points less free parameters; NaN where none
  std::vector<double> residuals;   // measured less predicted
  std::vector<std::string> flags;  // rise_at_bound, slope_at_bound, middle_at_bound
};

// Least squares of accuracy, chance fixed and the best accuracy at most 1 (chance + rise <= 1): the
// form of Bhagia et al. 2024 without the point they add at loss 0. WorkError: fewer than four
// points, accuracies that never pass chance, or no convergence.
SigmoidFit fit_sigmoid(const std::vector<AccuracyPoint>& points, double chance);

// The same to other accuracies of the same points, from where `fit` ended.
SigmoidFit refit(const SigmoidFit& fit, const std::vector<double>& accuracies);

// One sigmoid for all against one each.
struct SharingTest {
  bool tested = false;  // enough points of at least two architectures
  std::string why_not;
  double f = 0, p = 1;     // F test, points taken as independent
  double bootstrap_p = 1;  // residuals about the shared sigmoid with random signs by run
  double degrees[2] = {0, 0};

  bool shared(double level = 0.05) const { return !tested || bootstrap_p >= level; }
};

SharingTest test_sharing(const std::vector<AccuracyPoint>& points, double chance, int draws,
                         std::uint64_t seed);

// A random factor of mean 0 and variance 1 for a run's residuals in a draw: Webb's six points
// (Webb 2023, "Reworking wild bootstrap-based inference for clustered errors"), the same for every
// residual of the run, so that what one run has in common stays in common.
double run_factor(std::uint64_t seed, const std::string& run, std::uint64_t draw);

}  // namespace isoloss
