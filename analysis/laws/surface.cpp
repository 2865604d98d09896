// The joint surface of isoFLOP studies (docs/comparison.md rule 6) with a power law along its
// valley: L(N, C) = E + A C^-k + kappa (ln N - a ln C - g)^2. frontier_surface.cpp has the one
// whose valley is free per budget.
#include "analysis/laws/cells.h"
#include "analysis/laws/law_formula.h"
#include "analysis/laws/laws.h"

namespace isoloss {
namespace {

// Regressors: N, C. Shape: k, a, g (of centred logarithms).
struct SurfaceFormula {
  static constexpr int kTerms = 2, kShape = 3, kRegressors = 2;

  template <class T>
  static std::array<T, 2> basis(const std::array<T, 3>& shape, const std::array<T, 2>&,
                                const std::array<double, 2>& z, const std::array<double, 2>&) {
    using std::exp;
    const T off = T(z[0]) - z[1] * shape[1] - shape[2];
    return {exp(-z[1] * shape[0]), off * off};
  }
  static std::vector<double> parameters(const LawState& state, const Eigen::ArrayXd& centre) {
    const double k = state.shape[0], a = state.shape[1];
    return {std::exp(state.log_coefficient[0] + k * centre[1]), k,
            std::exp(state.log_coefficient[1]), a, state.shape[2] + centre[0] - a * centre[1]};
  }
  static LawState state(const std::vector<double>& p, const Eigen::ArrayXd& centre) {
    return {Eigen::Array2d(std::log(p[0]) - p[1] * centre[1], std::log(p[2])),
            Eigen::Array3d(p[1], p[3], p[4] - centre[0] + p[3] * centre[1]), 0};
  }
};

}  // namespace

Law surface_law() {
  Law law;
  law.name = "surface";
  law.formula = "E + A C^-k + kappa (ln N - a ln C - g)^2";
  law.source = "the joint surface of docs/comparison.md rule 6, its valley a power law";
  law.regressors = {Regressor::Parameters, Regressor::Flops};
  law.terms = {{"A", 0}, {"kappa", -1}};
  law.shape = {{.name = "k"},
               {.name = "a",
                .lowest = -1,
                .highest = 2,
                .search_low = 0.1,
                .search_high = 1,
                .search_steps = 10,
                .positive = false},
               {.name = "g",
                .lowest = -12,
                .highest = 12,
                .search_low = -2.4,
                .search_high = 2.4,
                .search_steps = 9,
                .positive = false}};
  law.parameters = {"A", "k", "kappa", "a", "g"};
  law.units = {"nats FLOPs^k", "1", "nats", "1", "ln parameters FLOPs^-a"};
  law.cells = &kSurfaceCells;
  law.math = math_of<SurfaceFormula>();
  return law;
}

}  // namespace isoloss
