// The sum of chinchilla's terms to a power: Busbridge et al. 2025 (distillation scaling laws,
// equation 1), also used for xLSTM.
#include "analysis/laws/cells.h"
#include "analysis/laws/law_formula.h"
#include "analysis/laws/laws.h"

namespace isoloss {
namespace {

struct Gamma {
  static constexpr int kTerms = 2, kShape = 3, kRegressors = 2;

  template <class T>
  static std::array<T, 2> basis(const std::array<T, 3>& shape, const std::array<T, 2>&,
                                const std::array<double, 2>& z, const std::array<double, 2>&) {
    using std::exp;
    return {exp(-z[0] * shape[0]), exp(-z[1] * shape[1])};
  }
  template <class T>
  static T outer(const std::array<T, 3>& shape) {
    return shape[2];
  }
  static std::vector<double> parameters(const LawState& state, const Eigen::ArrayXd& centre) {
    const Eigen::ArrayXd log_coefficient = state.log_coefficient + state.shape.head(2) * centre;
    return {std::exp(log_coefficient[0]), std::exp(log_coefficient[1]), state.shape[0],
            state.shape[1], state.shape[2]};
  }
  static LawState state(const std::vector<double>& p, const Eigen::ArrayXd& centre) {
    const Eigen::Array2d exponent(p[2], p[3]), coefficient(p[0], p[1]);
    return {coefficient.log() - exponent * centre, Eigen::Array3d(p[2], p[3], p[4]), 0};
  }
};

}  // namespace

Law gamma_law() {
  Law law;
  law.name = "gamma";
  law.formula = "E + (A N^-alpha + B D^-beta)^gamma";
  law.source = "Busbridge et al. 2025 (distillation scaling laws)";
  law.regressors = {Regressor::Parameters, Regressor::Tokens};
  law.terms = {{"A", 0}, {"B", 1}};
  law.shape = {
      {.name = "alpha", .highest = 6, .search_low = 0.1, .search_steps = 7},
      {.name = "beta", .highest = 6, .search_low = 0.1, .search_steps = 7},
      {.name = "gamma", .highest = 20, .search_low = 0.15, .search_high = 3, .search_steps = 5}};
  law.parameters = {"A", "B", "alpha", "beta", "gamma"};
  law.units = {"nats^1/gamma parameters^alpha", "nats^1/gamma tokens^beta", "1", "1", "1"};
  law.may_tie = {{0, 1}};
  law.log_sum = {.first = 0, .second = 1, .power = 2, .inner = true};
  law.cells = &kPowerOfSumCells;
  law.math = math_of<Gamma>();
  return law;
}

}  // namespace isoloss
