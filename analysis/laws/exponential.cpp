// Accuracy from a loss without a middle: Gadre et al. 2024 (arXiv 2403.08540), equation 5, where
// the error is eps - k e^(-gamma L); here E = 1 - eps and a = k.
#include "analysis/laws/law_formula.h"
#include "analysis/laws/laws.h"

namespace isoloss {
namespace {

struct Exponential {
  static constexpr int kTerms = 1, kShape = 1, kRegressors = 1;

  template <class T>
  static std::array<T, 1> basis(const std::array<T, 1>& shape, const std::array<T, 1>&,
                                const std::array<double, 1>& z,
                                const std::array<double, 1>& centre) {
    using std::exp;
    return {exp(-std::exp(z[0] + centre[0]) * shape[0])};
  }
  static std::vector<double> parameters(const LawState& state, const Eigen::ArrayXd&) {
    return {std::exp(state.log_coefficient[0]), state.shape[0]};
  }
  static LawState state(const std::vector<double>& p, const Eigen::ArrayXd&) {
    return {Eigen::ArrayXd::Constant(1, std::log(p[0])), Eigen::ArrayXd::Constant(1, p[1]), 0};
  }
};

}  // namespace

Law exponential_law() {
  Law law;
  law.name = "exponential";
  law.formula = "E + a e^(-gamma L)";
  law.source = "Gadre et al. 2024, equation 5";
  law.regressors = {Regressor::TaskLoss};
  law.terms = {{"a", 0}};
  law.shape = {{.name = "gamma", .highest = 50, .search_high = 20, .search_steps = 40}};
  law.parameters = {"a", "gamma"};
  law.units = {"accuracy", "nats^-1"};
  law.math = math_of<Exponential>();
  return law;
}

}  // namespace isoloss
