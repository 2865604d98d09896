// Hoffmann et al. 2022, equation 2 (approach 3).
#include "analysis/laws/law_formula.h"
#include "analysis/laws/laws.h"

namespace isoloss {
namespace {

struct Chinchilla {
  static constexpr int kTerms = 2, kShape = 2, kRegressors = 2;

  template <class T>
  static std::array<T, 2> basis(const std::array<T, 2>& shape, const std::array<T, 2>&,
                                const std::array<double, 2>& z, const std::array<double, 2>&) {
    using std::exp;
    return {exp(-z[0] * shape[0]), exp(-z[1] * shape[1])};
  }
  static std::vector<double> parameters(const LawState& state, const Eigen::ArrayXd& centre) {
    const Eigen::ArrayXd log_coefficient = state.log_coefficient + state.shape * centre;
    return {std::exp(log_coefficient[0]), std::exp(log_coefficient[1]), state.shape[0],
            state.shape[1]};
  }
  static LawState state(const std::vector<double>& p, const Eigen::ArrayXd& centre) {
    const Eigen::Array2d shape(p[2], p[3]), coefficient(p[0], p[1]);
    return {coefficient.log() - shape * centre, shape, 0};
  }
};

}  // namespace

Law chinchilla_law() {
  Law law;
  law.name = "chinchilla";
  law.formula = "E + A N^-alpha + B D^-beta";
  law.source = "Hoffmann et al. 2022, equation 2";
  law.regressors = {Regressor::Parameters, Regressor::Tokens};
  law.terms = {{"A", 0}, {"B", 1}};
  law.shape = {{.name = "alpha"}, {.name = "beta"}};
  law.parameters = {"A", "B", "alpha", "beta"};
  law.units = {"nats parameters^alpha", "nats tokens^beta", "1", "1"};
  law.may_tie = {{0, 1}};
  law.exponent_of_term = {0, 1};
  law.math = math_of<Chinchilla>();
  return law;
}

}  // namespace isoloss
