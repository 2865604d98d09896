// A law as data: loss = E + sum over terms of coefficient * x^-exponent. Given the exponents it is
// linear in E and the coefficients, all of them nonnegative; the solver (law_solver.h) fits every
// law of this shape. power: E + a C^-b; chinchilla: E + A N^-alpha + B D^-beta (Hoffmann et al.
// 2022, approach 3).
#pragma once
#include <Eigen/Core>
#include <span>
#include <string>
#include <vector>

#include "analysis/points.h"

namespace isoloss {

enum class Regressor { Parameters, Tokens, Flops };

struct LawTerm {
  std::string coefficient;
  std::string exponent;
  Regressor regressor = Regressor::Flops;
  double lowest = 0.005, highest = 3;  // bounds of the exponent
};

struct Law {
  std::string name;
  std::vector<LawTerm> terms;
};

const std::vector<Law>& laws();

// InputError naming the nearest law where there is none of that name.
const Law& law_named(const std::string& name);

double value_of(Regressor regressor, const Point& point);
const char* column_of(Regressor regressor);

// What the solver reads: ln x per point and term, centred on its mean so that coefficients and
// exponents hardly correlate; ln of the loss; how often each point counts.
struct LawData {
  Eigen::ArrayXXd z;      // points x terms
  Eigen::ArrayXd centre;  // per term: the mean taken off ln x
  Eigen::ArrayXd loss;
  Eigen::ArrayXd log_loss;
  Eigen::ArrayXd weight;

  Eigen::Index points() const { return loss.size(); }
};

// InputError naming the column that the law needs and a point lacks.
LawData law_data(const Law& law, std::span<const Point> points);

// Of one regressor and its losses, all weights one.
LawData law_data(std::span<const double> x, std::span<const double> loss);

// Where the solver is: ln of each coefficient at the centre of its regressor, exponents, floor.
struct LawState {
  Eigen::ArrayXd log_coefficient;  // of x / exp(centre)
  Eigen::ArrayXd exponent;
  double floor = 0;
};

// The coefficient of x itself, in natural logarithm.
double log_coefficient(const LawData& data, const LawState& state, Eigen::Index term);

// Predicted losses.
Eigen::ArrayXd predict(const LawData& data, const LawState& state);

}  // namespace isoloss
