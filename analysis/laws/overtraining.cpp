// Over-training: Gadre et al. 2024, equation 4: E + (a M^eta + b M^-eta) C^-eta with M = D/N tokens
// per parameter. It says that over-training moves the curve over compute and keeps its exponent.
#include "analysis/laws/law_formula.h"
#include "analysis/laws/laws.h"

namespace isoloss {
namespace {

// Regressors: N, D, C. ln M = ln D - ln N.
struct Overtraining {
  static constexpr int kTerms = 2, kShape = 1, kRegressors = 3;

  template <class T>
  static std::array<T, 2> basis(const std::array<T, 1>& shape, const std::array<T, 2>&,
                                const std::array<double, 3>& z, const std::array<double, 3>&) {
    using std::exp;
    const double ratio = z[1] - z[0];
    return {exp((ratio - z[2]) * shape[0]), exp((-ratio - z[2]) * shape[0])};
  }
  static std::vector<double> parameters(const LawState& state, const Eigen::ArrayXd& centre) {
    const double eta = state.shape[0], ratio = centre[1] - centre[0];
    return {std::exp(state.log_coefficient[0] + eta * (centre[2] - ratio)),
            std::exp(state.log_coefficient[1] + eta * (centre[2] + ratio)), eta};
  }
  static LawState state(const std::vector<double>& p, const Eigen::ArrayXd& centre) {
    const double ratio = centre[1] - centre[0];
    return {Eigen::Array2d(std::log(p[0]) - p[2] * (centre[2] - ratio),
                           std::log(p[1]) - p[2] * (centre[2] + ratio)),
            Eigen::ArrayXd::Constant(1, p[2]), 0};
  }
};

}  // namespace

Law overtraining_law() {
  Law law;
  law.name = "overtraining";
  law.formula = "E + (a M^eta + b M^-eta) C^-eta, M = D/N";
  law.source = "Gadre et al. 2024, equation 4";
  law.regressors = {Regressor::Parameters, Regressor::Tokens, Regressor::Flops};
  law.terms = {{"a", -1}, {"b", -1}};
  law.shape = {{.name = "eta", .search_steps = 60}};
  law.parameters = {"a", "b", "eta"};
  law.units = {"nats FLOPs^eta parameters^eta tokens^-eta",
               "nats FLOPs^eta parameters^-eta tokens^eta", "1"};
  law.exponent_of_term = {0, 0};
  law.math = math_of<Overtraining>();
  return law;
}

}  // namespace isoloss
