// Kaplan et al. 2020, equation 1.5: L = ((Nc/N)^(alphaN/alphaD) + Dc/D)^alphaD. Raised to
// 1/alphaD it is linear in two coefficients; it has no floor.
#include "analysis/laws/cells.h"
#include "analysis/laws/law_formula.h"
#include "analysis/laws/laws.h"

namespace isoloss {
namespace {

struct Kaplan {
  static constexpr int kTerms = 2, kShape = 2, kRegressors = 2;

  template <class T>
  static std::array<T, 2> basis(const std::array<T, 2>& shape, const std::array<T, 2>&,
                                const std::array<double, 2>& z, const std::array<double, 2>&) {
    using std::exp;
    return {exp(-z[0] * (shape[0] / shape[1])), T(std::exp(-z[1]))};
  }
  template <class T>
  static T outer(const std::array<T, 2>& shape) {
    return shape[1];
  }
  static std::vector<double> parameters(const LawState& state, const Eigen::ArrayXd& centre) {
    return {state.log_coefficient[0] * state.shape[1] / state.shape[0] + centre[0],
            state.log_coefficient[1] + centre[1], state.shape[0], state.shape[1]};
  }
  static LawState state(const std::vector<double>& p, const Eigen::ArrayXd& centre) {
    return {Eigen::Array2d(p[2] / p[3] * (p[0] - centre[0]), p[1] - centre[1]),
            Eigen::Array2d(p[2], p[3]), 0};
  }
};

}  // namespace

Law kaplan_law() {
  Law law;
  law.name = "kaplan";
  law.formula = "((Nc/N)^(alphaN/alphaD) + Dc/D)^alphaD";
  law.source = "Kaplan et al. 2020, equation 1.5";
  law.regressors = {Regressor::Parameters, Regressor::Tokens};
  law.terms = {{"lnNc", 0}, {"lnDc", 1}};
  law.shape = {{.name = "alphaN", .search_high = 1}, {.name = "alphaD", .search_high = 1}};
  law.parameters = {"lnNc", "lnDc", "alphaN", "alphaD"};
  law.units = {"ln parameters", "ln tokens", "1", "1"};
  law.has_floor = false;
  law.may_tie = {{0, 1}};
  law.log_sum = {.first = 0, .second = 1, .power = 1};
  law.cells = &kPowerOfSumCells;
  law.math = math_of<Kaplan>();
  return law;
}

}  // namespace isoloss
