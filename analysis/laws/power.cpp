// Power law of compute with a floor: Kaplan et al. 2020 (equation 1.3 has no floor), Henighan et
// al. 2020 (equation 1.1 has one).
#include "analysis/laws/law_formula.h"
#include "analysis/laws/laws.h"

namespace isoloss {
namespace {

struct Power {
  static constexpr int kTerms = 1, kShape = 1, kRegressors = 1;

  template <class T>
  static std::array<T, 1> basis(const std::array<T, 1>& shape, const std::array<T, 1>&,
                                const std::array<double, 1>& z, const std::array<double, 1>&) {
    using std::exp;
    return {exp(-z[0] * shape[0])};
  }
  static std::vector<double> parameters(const LawState& state, const Eigen::ArrayXd& centre) {
    return {std::exp(state.log_coefficient[0] + state.shape[0] * centre[0]), state.shape[0]};
  }
  static LawState state(const std::vector<double>& p, const Eigen::ArrayXd& centre) {
    return {Eigen::ArrayXd::Constant(1, std::log(p[0]) - p[1] * centre[0]),
            Eigen::ArrayXd::Constant(1, p[1]), 0};
  }
};

}  // namespace

Law power_law() {
  Law law;
  law.name = "power";
  law.formula = "E + a C^-b";
  law.source = "Kaplan et al. 2020, with the floor of Henighan et al. 2020";
  law.regressors = {Regressor::Flops};
  law.terms = {{"a", 0}};
  law.shape = {{.name = "b", .search_steps = 60}};
  law.parameters = {"a", "b"};
  law.units = {"nats FLOPs^b", "1"};
  law.exponent_of_term = {0};
  law.math = math_of<Power>();
  return law;
}

}  // namespace isoloss
