// What a printed fit carries beside its parameters, so that `predict` needs nothing else: where the
// data came from, how far they reach, and what a prediction's interval rests on.
#pragma once
#include <Eigen/Core>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "analysis/fit/isoflop_fit.h"
#include "analysis/fit/predict_calibration.h"
#include "analysis/numbers/statistics.h"
#include "analysis/solver/law_objective.h"

namespace isoloss {

struct FitOrigin {
  std::string source;            // file or folder
  std::string digest;            // of the table, as points_digest.h has it
  std::string architecture;      // empty: every point
  std::string flops_convention;  // empty where the table does not say, as the hashes
  std::string tokenizer_hash, held_out_hash;
  // Smallest and largest of parameters, tokens, flops, tokens_per_parameter, where all points say.
  std::map<std::string, Interval> ranges;
  bool embeddings = true;  // N counts the token embedding
};

FitOrigin origin_of(const PointTable& table, std::span<const Point> points,
                    const std::string& architecture);

// Predictions are made in the fit's centred coordinates, where the covariance is well conditioned.
struct PredictionBasis {
  std::vector<double> centre;  // mean ln of each regressor
  // Of (log coefficients, shape, floor); of an isoFLOP law of (value at the centre, slope) of its
  // line of ln N*, then of that of ln D*.
  Eigen::MatrixXd covariance;
  // What the method is known to put them off by (frontier_bias.h); empty: nothing. Intervals are
  // moved by it, the prediction is not.
  Eigen::VectorXd shift;
  double deviation = 0;  // of one run about the law, in the objective's space
  double degrees = 0;    // of Student's t
  double factor = 1;     // calibration widens intervals by this
};

struct StoredFit {
  std::string law;
  std::map<std::string, double> parameters;
  std::map<std::string, double> floor_by_evaluation;  // in place of a parameter E; nats
  FitSpace space = FitSpace::Log;
  FitOrigin origin;
  std::optional<PredictionBasis> basis;
  std::optional<Calibration> calibration;
  std::string calibration_missing;  // why there is none, where the fit says
  std::vector<IsoflopRow> rows;
};

// From the object that `fit --json` prints. InputError naming `name` and the key that is missing or
// wrong (stored_fit_checks.h), and for a fit that did not converge.
StoredFit stored_fit(const nlohmann::json& json, const std::string& name);

// The fit's parameters; where floors are pinned by evaluation set, E is the floor of `evaluation`.
// InputError where one is asked for (not empty) and floors are not pinned, where none is and they
// are, and naming the nearest where there is no such set.
std::map<std::string, double> parameters_on(const StoredFit& fit, const std::string& evaluation);

}  // namespace isoloss
