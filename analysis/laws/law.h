// A law as data: loss = floor + excess, the excess a sum of coefficient x basis function (for some
// laws raised to an outer power). Given its shape parameters (the exponents) a law is linear in its
// coefficients, all of them nonnegative. One file of analysis/laws/ says what a law is; one solver
// (law_solver.h) fits them all.
#pragma once
#include <Eigen/Core>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "analysis/points/points.h"

namespace isoloss {

enum class Regressor { Parameters, Tokens, Flops, UniqueTokens, TaskLoss };

const char* column_of(Regressor regressor);

// What the solver reads: ln x per point and regressor, centred on its mean so that coefficients and
// exponents hardly correlate; the loss; the part of the floor that is given per point; how much
// each point counts.
struct LawData {
  Eigen::ArrayXXd z;      // points x regressors
  Eigen::ArrayXd centre;  // per regressor: the mean taken off ln x
  Eigen::ArrayXd loss;
  Eigen::ArrayXd log_loss;
  Eigen::ArrayXd offset;  // nats; zero but for floors pinned by evaluation set
  Eigen::ArrayXd weight;

  Eigen::Index points() const { return loss.size(); }
};

// Where the solver is: ln of each coefficient at the centre of the regressors, shape, floor.
struct LawState {
  Eigen::ArrayXd log_coefficient;
  Eigen::ArrayXd shape;
  double floor = 0;
};

// A shape parameter: its bounds, and where the global search looks.
struct ShapeParameter {
  std::string name;
  double lowest = 0.005, highest = 3;
  double search_low = 0.02, search_high = 2;
  int search_steps = 14;
  bool positive = true;  // a scale: searched in equal ratios, and a ratio of bounds means something
};

// One coefficient. `shape` is the index of the shape parameter that nothing else identifies, or -1.
struct LawTerm {
  std::string name;
  int shape = -1;
  double log_highest = 700;  // bound of its log coefficient
};

// Value, gradient and curvature of the excess at consecutive points by (log coefficients, shape):
// the lower triangle by rows.
struct ExcessBlock {
  std::vector<double> value, gradient, curvature;
};

struct LawMath {
  Eigen::ArrayXXd (*basis)(const LawData&, const LawState&) = nullptr;  // points x terms
  double (*outer)(const LawState&) = nullptr;                           // null: 1
  Eigen::ArrayXd (*excess)(const LawData&, const LawState&) = nullptr;
  void (*expand)(const LawData&, const LawState&, Eigen::Index first, Eigen::Index count,
                 ExcessBlock&) = nullptr;
  // Printed parameters without the floor, of uncentred regressors, and back.
  std::vector<double> (*parameters)(const LawState&, const Eigen::ArrayXd& centre) = nullptr;
  LawState (*state)(const std::vector<double>&, const Eigen::ArrayXd& centre) = nullptr;
};

// Of a law whose excess is p-th power of two terms, ln excess = p ln(c0 e^(-(m0/p) z0) + c1
// e^(-(m1/p) z1)): which shape parameters m0, m1 and p are. `inner`: m0/p and m1/p are instead.
struct LogSum {
  int first, second, power;
  bool inner = false;
};

struct LawCells;  // law_cells.h

struct Law {
  std::string name;
  std::string formula;  // as printed
  std::string source;   // paper, equation
  std::vector<Regressor> regressors;
  std::vector<LawTerm> terms;
  std::vector<ShapeParameter> shape;
  std::vector<std::string> parameters;  // printed names, in LawMath::parameters' order, no floor
  // Of `parameters`: factors of nats, parameters, tokens, FLOPs or accuracy to the power of a
  // number or of a parameter, behind `ln` where the parameter is a logarithm; 1 of a pure number.
  // The floor is in nats (of laws of accuracy, in accuracy).
  std::vector<std::string> units;
  bool has_floor = true;
  std::optional<std::pair<int, int>> may_tie;  // the shape parameters that --tied makes equal
  bool tied = false;
  bool basis_needs_coefficients = false;
  // What a certificate rests on (law_certificate.h). Per term the shape parameter that the
  // logarithm of its basis function is linear in.
  std::vector<int> exponent_of_term;
  std::optional<LogSum> log_sum;
  const LawCells* cells = nullptr;  // where neither serves
  LawMath math;

  // Log coefficients, shape, floor.
  std::size_t coordinates() const { return terms.size() + shape.size() + 1; }
};

// What `fit` fits to points.
const std::vector<Law>& laws();

// What a task's accuracy is over its loss (accuracy_fit.h); `loss` of their data is the accuracy.
const std::vector<Law>& accuracy_laws();

// InputError naming the nearest law where there is none of that name.
const Law& law_named(const std::string& name);

// The law with its two exponents equal; InputError where it has no such pair.
Law tied(const Law& law);

struct FloorChoice {
  enum Kind { Free, Zero, Value, Pinned } kind = Free;
  double value = 0;
  std::map<std::string, double> by_evaluation = {};  // Pinned: nats of each evaluation set
};

// ln of the law's regressors and the losses of `points`. InputError naming the column that the law
// needs and a point lacks.
LawData law_data(const Law& law, std::span<const Point> points);

// Of each point the set that its loss is of, by column `evaluation`; empty where there is none.
std::vector<std::string> evaluation_sets(const PointTable& table, std::span<const Point> points);

// Points of a table: weights from its column `weight`, floors pinned by its column `evaluation`,
// unique tokens from its column `unique_tokens`. InputError: no such column, not a number.
LawData law_data(const Law& law, const PointTable& table, std::span<const Point> points,
                 const FloorChoice& floor);

// Of one regressor and its losses, all weights one.
LawData law_data(std::span<const double> x, std::span<const double> loss);

// Some of the points, about the same centre.
LawData rows_of(const LawData& data, const std::vector<Eigen::Index>& rows);

// At one place, uncentred, for prediction. `x` by the law's regressors.
LawData law_place(std::span<const double> x);

// Predicted losses.
Eigen::ArrayXd predict(const Law& law, const LawData& data, const LawState& state);

// Printed parameters by name, the floor last where the law has one; of uncentred regressors.
std::vector<std::pair<std::string, double>> named_parameters(const Law& law, const LawData& data,
                                                             const LawState& state);

// The state of uncentred regressors that prints as `named`; InputError naming a parameter that is
// missing.
LawState state_of(const Law& law, const std::map<std::string, double>& named);

}  // namespace isoloss
