// Accuracy from compute for every architecture of a study on one task: task loss from compute
// (task_loss_fit.h), accuracy from task loss by a sigmoid that architectures share unless the test
// says otherwise (accuracy_sigmoid.h), and what follows: bands, compute at equal accuracy, larger
// models. Beside it the one-step law -ln accuracy = A C^-alpha (Krajewski et al. 2025, arXiv
// 2512.08894; the form is read from the abstract) and the exponential of Gadre et al. 2024.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "analysis/numbers/statistics.h"
#include "analysis/scores/accuracy_curve.h"
#include "analysis/scores/accuracy_points.h"
#include "analysis/scores/accuracy_sigmoid.h"
#include "analysis/scores/task_loss_fit.h"

namespace isoloss {

struct AccuracyOptions {
  int draws = 200;  // of noise like the residuals, through both steps (accuracy_noise.h)
  double level = 0.95;
  std::uint64_t seed = 1;
};

// Of one more trial from a curve: times its task loss, and added to its accuracy.
struct Stray {
  double loss = 1, accuracy = 0;
};

struct ArchitectureAccuracy {
  std::string architecture;
  std::string refusal;  // why there is no curve
  std::optional<TaskLossFit> loss;
  AccuracyCurve curve;
  // One a draw, the same draw of the sigmoid and of a run in every architecture; NaN where a fit
  // failed. None where there are no degrees of freedom.
  std::vector<AccuracyCurve> draws;
  std::vector<Stray> strays;  // one a draw, of one more trial
  // Coefficient, exponent, floor 0 of -ln accuracy; empty where an accuracy of a best size is 0
  // or 1.
  std::optional<LossOfCompute> one_step;
  // Of its residuals: points less what is fitted to them, or runs less one where they are fewer,
  // since points of one run stray together; the fewer of the two steps.
  double degrees = 0;
  Interval flops{kNone, kNone};  // of its points
};

struct AccuracyFit {
  std::vector<ArchitectureAccuracy> architectures;  // in the task's order
  std::optional<SigmoidFit> sigmoid;                // of all points
  SharingTest sharing;
  std::string refusal;  // why nothing could be fitted
  int asked_draws = 0;
  double level = 0;

  const ArchitectureAccuracy* find(const std::string& architecture) const;
};

// Never throws for want of data: what cannot be fitted says why.
AccuracyFit fit_accuracy(const AccuracyTask& task, const AccuracyOptions& options = {});

// Accuracy at a compute with the band of the draws; the interval is of the curve, or of one more
// trial there where `of_trial`, its scatter and the sampling of items included. Inside [0, 1].
struct AccuracyAt {
  double flops = 0, accuracy = 0;
  std::optional<Interval> interval;
};
AccuracyAt accuracy_at(const ArchitectureAccuracy& fit, double flops, double level,
                       bool of_trial = false, double widened = 1);

// Of accuracies, where there is none.
std::string why_no_interval(const ArchitectureAccuracy& fit);

// Compute that the baseline needs over compute that the candidate needs to reach an accuracy, with
// the interval of the draws. None where an architecture has no degree of freedom to spare.
struct ComputeMultiplier {
  double accuracy = 0;
  double baseline_flops = 0, candidate_flops = 0;
  double multiplier = 0;
  std::optional<Interval> interval;
  std::string no_interval;    // why there is none
  bool extrapolated = false;  // beyond the compute of either's points
};
ComputeMultiplier compute_multiplier(const ArchitectureAccuracy& baseline,
                                     const ArchitectureAccuracy& candidate, double accuracy,
                                     double level);

// Three accuracies that both reach within their points' compute: a quarter, half and three quarters
// of the way through the overlap; none where there is no overlap.
std::vector<double> common_accuracies(const ArchitectureAccuracy& baseline,
                                      const ArchitectureAccuracy& candidate);

}  // namespace isoloss
