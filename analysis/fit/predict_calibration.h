// Are prediction intervals as good as they say? Leave-future-out folds: the law is fitted to the
// smallest budgets and predicts the larger ones, again and again with one budget more. A nominal 95
// % of the later points should lie in their intervals; published intervals held 12 to 80 %.
#pragma once
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "analysis/solver/law_scatter.h"

namespace isoloss {

struct CalibrationRow {
  double level = 0;       // nominal
  double coverage = 0;    // of the intervals as they come from the fit
  double calibrated = 0;  // widened by the factor that the other folds call for
};

// The law fitted to everything up to a compute, and what it says of everything beyond.
struct CalibrationFold {
  double largest_flops = 0;  // fitted up to here
  std::size_t fitted = 0, predicted = 0;
  double error = 0;  // mean over the predicted points of |ln(predicted / measured)|
};

struct Calibration {
  std::vector<CalibrationFold> folds;  // by largest_flops; those that could be fitted
  std::size_t predictions = 0;
  double decades = 0;  // the furthest prediction beyond its fold's compute
  double level = 0;    // that the factor is for
  double factor = 1;   // what intervals are widened by: the least that covers `level` of all
                       // predictions, never below one
  std::vector<CalibrationRow> rows;
};

// What a fold's intervals rest on, from its data, its solution and its rows of all data.
using FoldScatter = std::function<LawScatter(const LawData& seen, const LawSolution& solution,
                                             const std::vector<Eigen::Index>& rows)>;

// Folds after each budget from the third on (at one budget, N and D are one thing) that leaves four
// points more than free parameters; at most eight, evenly chosen. Empty where fewer than two folds
// are possible: that takes five budgets.
std::optional<Calibration> calibrate(const Law& law, const LawData& data,
                                     std::span<const double> flops, const Objective& objective,
                                     const FloorChoice& floor, double level, int threads,
                                     const FoldScatter& scatter);

// Why there is no calibration, where calibrate gave none.
std::string why_not_calibrated(const Law& law, std::span<const double> flops);

nlohmann::json to_json(const Calibration& calibration);

}  // namespace isoloss
