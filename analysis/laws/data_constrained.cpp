// Repeated data: Muennighoff et al. 2023, equation 6. Chinchilla's law with N and D replaced by
// what they are worth: of U_D unique tokens, D/U_D - 1 = R repeats are worth U_D R_D (1 -
// e^(-R/R_D)) tokens, and parameters beyond the U_N that U_D unique tokens can use decay likewise
// with R_N. U_N is the compute-optimal size for U_D tokens under the same law (as the authors' code
// has it): min((U_D G)^(beta/alpha) G, N), G = (alpha A / (beta B))^(1/(alpha + beta)).
#include "analysis/laws/cells.h"
#include "analysis/laws/law_formula.h"
#include "analysis/laws/laws.h"

namespace isoloss {
namespace {

// ln of the effective amount: of `unique`, used (1 + repeats) times, with decay constant R.
template <class T>
T log_effective(const T& log_unique, const T& log_used, const T& log_decay) {
  using std::exp, std::log;
  const T decay = exp(log_decay);
  const T repeats = exp(log_used - log_unique) - 1.0;
  return log_unique + log(decay * (-(exp(-(repeats / decay)) - 1.0)) + 1.0);
}

// Regressors: N, D, unique tokens. Shape: alpha, beta, ln R_N, ln R_D.
struct DataConstrained {
  static constexpr int kTerms = 2, kShape = 4, kRegressors = 3;

  template <class T>
  static std::array<T, 2> basis(const std::array<T, 4>& shape,
                                const std::array<T, 2>& log_coefficient,
                                const std::array<double, 3>& z,
                                const std::array<double, 3>& centre) {
    using std::exp, std::log;
    const auto& [alpha, beta, log_rn, log_rd] = shape;
    const double log_n = z[0] + centre[0], log_d = z[1] + centre[1];
    const double log_unique = std::min(z[2] + centre[2], log_d);
    const T log_a = log_coefficient[0] + centre[0] * alpha;
    const T log_b = log_coefficient[1] + centre[1] * beta;
    const T log_g = (log(alpha) + log_a - log(beta) - log_b) / (alpha + beta);
    const T usable = beta / alpha * (log_g + log_unique) + log_g;
    T effective_n(log_n);
    if (value_of(usable) < log_n) effective_n = log_effective(usable, T(log_n), log_rn);
    const T effective_d =
        log_unique < log_d ? log_effective(T(log_unique), T(log_d), log_rd) : T(log_d);
    return {exp(-(alpha * (effective_n - centre[0]))), exp(-(beta * (effective_d - centre[1])))};
  }
  static std::vector<double> parameters(const LawState& state, const Eigen::ArrayXd& centre) {
    const Eigen::ArrayXd log_coefficient =
        state.log_coefficient + state.shape.head(2) * centre.head(2);
    return {
        std::exp(log_coefficient[0]), std::exp(log_coefficient[1]), state.shape[0], state.shape[1],
        std::exp(state.shape[2]),     std::exp(state.shape[3])};
  }
  static LawState state(const std::vector<double>& p, const Eigen::ArrayXd& centre) {
    const Eigen::Array2d exponent(p[2], p[3]), coefficient(p[0], p[1]);
    return {coefficient.log() - exponent * centre.head(2),
            Eigen::Array4d(p[2], p[3], std::log(p[4]), std::log(p[5])), 0};
  }
};

}  // namespace

Law data_constrained_law() {
  Law law;
  law.name = "data_constrained";
  law.formula = "E + A N'^-alpha + B D'^-beta, N' and D' what repeated data make of N and D";
  law.source = "Muennighoff et al. 2023, equation 6";
  law.regressors = {Regressor::Parameters, Regressor::Tokens, Regressor::UniqueTokens};
  law.terms = {{"A", 0}, {"B", 1}};
  // ln of the decay constants.
  ShapeParameter decay;
  decay.lowest = std::log(0.05);
  decay.highest = std::log(5e3);
  decay.search_low = 0;
  decay.search_high = std::log(100.0);
  decay.search_steps = 4;
  decay.positive = false;
  law.shape = {{.name = "alpha", .search_low = 0.08, .search_high = 1.2, .search_steps = 8},
               {.name = "beta", .search_low = 0.08, .search_high = 1.2, .search_steps = 8},
               decay,
               decay};
  law.shape[2].name = "R_N";
  law.shape[3].name = "R_D";
  law.parameters = {"A", "B", "alpha", "beta", "R_N", "R_D"};
  law.units = {"nats parameters^alpha", "nats tokens^beta", "1", "1", "1", "1"};
  law.may_tie = {{0, 1}};
  law.basis_needs_coefficients = true;
  law.cells = &kDataConstrainedCells;
  law.math = math_of<DataConstrained>();
  return law;
}

}  // namespace isoloss
