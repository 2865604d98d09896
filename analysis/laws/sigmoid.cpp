// Accuracy on a task from the task's loss: Bhagia et al. 2024 (OLMo ladder, arXiv 2412.04403),
// section 3.2, a'/(1 + e^-k'(L - L0)) + b with a' = -a and k' = -k, so that a' + b is what a model
// of no use scores. Here that is the floor E, fixed at chance.
#include "analysis/laws/law_formula.h"
#include "analysis/laws/laws.h"

namespace isoloss {
namespace {

// 1 / (1 + e^u) without overflow on either side.
template <class T>
T falling_sigmoid(const T& u) {
  using std::exp;
  if (value_of(u) > 0) {
    const T e = exp(-u);
    return e / (e + 1.0);
  }
  return T(1.0) / (exp(u) + 1.0);
}

struct Sigmoid {
  static constexpr int kTerms = 1, kShape = 2, kRegressors = 1;

  template <class T>
  static std::array<T, 1> basis(const std::array<T, 2>& shape, const std::array<T, 1>&,
                                const std::array<double, 1>& z,
                                const std::array<double, 1>& centre) {
    const double loss = std::exp(z[0] + centre[0]);
    return {falling_sigmoid(shape[0] * (T(loss) - shape[1]))};
  }
  static std::vector<double> parameters(const LawState& state, const Eigen::ArrayXd&) {
    return {std::exp(state.log_coefficient[0]), state.shape[0], state.shape[1]};
  }
  static LawState state(const std::vector<double>& p, const Eigen::ArrayXd&) {
    return {Eigen::ArrayXd::Constant(1, std::log(p[0])), Eigen::Array2d(p[1], p[2]), 0};
  }
};

}  // namespace

Law sigmoid_law() {
  Law law;
  law.name = "sigmoid";
  law.formula = "E + a / (1 + e^(k (L - L0)))";
  law.source = "Bhagia et al. 2024 (OLMo ladder), step 2";
  law.regressors = {Regressor::TaskLoss};
  law.terms = {{"a", -1}};
  law.shape = {{.name = "k",
                .lowest = 0.02,
                .highest = 200,
                .search_low = 0.2,
                .search_high = 50,
                .search_steps = 24},
               {.name = "L0",
                .lowest = 1e-3,
                .highest = 50,
                .search_low = 0.05,
                .search_high = 20,
                .search_steps = 40}};
  law.parameters = {"a", "k", "L0"};
  law.units = {"accuracy", "nats^-1", "nats"};
  law.math = math_of<Sigmoid>();
  return law;
}

}  // namespace isoloss
