// What a trained model costs to read a text with, beside its loss: the forward seconds that each
// evaluation measured. So et al. 2021 (Primer, figure 8) plot the points of each architecture that
// no other of its points beats in both.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "analysis/points/points.h"

namespace isoloss {

struct InferencePoint {
  std::string architecture, size;
  std::int64_t seed = 0;
  double parameters = 0;
  double budget = 0;   // nominal; the FLOPs where the study names none
  double flops = 0;    // of training
  double loss = 0;     // held-out, nats per token
  double seconds = 0;  // forward, per token: the median over all evaluations of models of its shape
};

struct InferenceCosts {
  std::vector<InferencePoint> points;
  std::string machine;  // with its threads: seconds of others are left out
  std::size_t left_out = 0;
};

// Results whose evaluation measured its forward pass, on the machine and number of threads that
// most of them have; by architecture in order of first appearance, then as `results` has them.
InferenceCosts inference_costs(const PointTable& results);

// Of one architecture, the points that no other is both quicker and better than, by seconds.
std::vector<InferencePoint> best_for_their_time(const InferenceCosts& costs,
                                                const std::string& architecture);

// Seconds at a loss on such a curve: ln seconds over ln loss, straight between neighbours; absent
// outside.
std::optional<double> forward_seconds_at(const std::vector<InferencePoint>& curve, double loss);

// Forward seconds of two curves, per token, for models that are at least as good as a loss.
struct CostAtLoss {
  double loss = 0;
  double baseline = 0, candidate = 0;
  // The loss is worse than any of that curve: its seconds are those of its quickest trial, which is
  // better, so that it needs as many at most.
  bool baseline_at_most = false, candidate_at_most = false;

  double ratio() const { return baseline / candidate; }
};

// At three losses that both curves reach, from the highest to the lowest; at one where they touch
// there alone or one curve is a single trial. Where they share no loss, at the best loss of the
// worse curve, which the other one's quickest trial betters. None where a curve is empty.
std::vector<CostAtLoss> costs_at_equal_loss(const std::vector<InferencePoint>& baseline,
                                            const std::vector<InferencePoint>& candidate);

}  // namespace isoloss
