// Step 1 of accuracy from compute: how one architecture's loss on a task falls. Where the trials
// tell sizes from tokens (eight points, three sizes, three token counts) it is the chinchilla law
// in N and D, and compute is spent along its efficient frontier; else a power law of compute
// through the best size of each budget. Both by the solver of every law.
#pragma once
#include <string>
#include <vector>

#include "analysis/scores/accuracy_curve.h"
#include "analysis/scores/accuracy_points.h"
#include "analysis/solver/law_solver.h"

namespace isoloss {

struct TaskLossFit {
  std::string law;                    // chinchilla or power
  std::vector<AccuracyPoint> points;  // that it was fitted to
  LawData data;
  LawSolution solution;
  double flops_per_product = 0;   // chinchilla: the median of C / (N D)
  LossOfCompute curve;            // at the best use of compute
  std::vector<double> predicted;  // of each point
};

// WorkError: fewer than three points, or the solver did not converge.
TaskLossFit fit_task_loss(const AccuracyTask& task, const std::string& architecture);

// The same law to other losses of the same points, from where `fit` ended; false in
// `solution.converged` where that fails.
TaskLossFit refit(const TaskLossFit& fit, const std::vector<double>& losses);

}  // namespace isoloss
