#include "analysis/solver/law_search.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <limits>

#include "analysis/numbers/nonnegative_least_squares.h"

namespace isoloss {
namespace {

constexpr Eigen::Index kMostPointsSearched = 4000;
constexpr int kRounds = 4;

// rho'(r) / r, kept finite at small residuals.
double reweight(double r, const Objective& objective) {
  double side = 1;
  switch (objective.kind) {
    case ObjectiveKind::Squares:
      return 1;
    case ObjectiveKind::Lad:
      return 1 / std::max(std::abs(r), 1e-6);
    case ObjectiveKind::AsymmetricHuber:
      side = r > 0 ? objective.overestimate : 1;
      break;
    case ObjectiveKind::Huber:
      break;
  }
  return side / std::max(std::abs(r), objective.delta);
}

std::vector<double> steps_of(const ShapeParameter& shape) {
  std::vector<double> steps;
  for (int i = 0; i < shape.search_steps; ++i) {
    const double at = i / (shape.search_steps - 1.0);
    steps.push_back(shape.positive
                        ? shape.search_low * std::pow(shape.search_high / shape.search_low, at)
                        : shape.search_low + at * (shape.search_high - shape.search_low));
  }
  return steps;
}

struct Candidate {
  LawState state;
  double value = std::numeric_limits<double>::infinity();
  std::vector<int> place;
};

}  // namespace

LawData even_selection(const LawData& data) {
  const Eigen::Index stride = (data.points() + kMostPointsSearched - 1) / kMostPointsSearched;
  if (stride == 1) return data;
  std::vector<Eigen::Index> kept;
  for (Eigen::Index i = 0; i < data.points(); i += stride) kept.push_back(i);
  return rows_of(data, kept);
}

double smallest_log_coefficient(const Law& law, const LawData& data) {
  // An outer power makes the sum's scale its own: only numbers that vanish count as zero.
  if (law.math.outer) return -300;
  return std::log(kSmallestCoefficient * data.loss.mean());
}

LawState solve_linear(const Law& law, const LawData& data, const Objective& objective,
                      const FloorChoice& floor, const Eigen::ArrayXd& shape, double floor_guess) {
  const auto terms = static_cast<Eigen::Index>(law.terms.size());
  LawState state{Eigen::ArrayXd::Zero(terms), shape, 0};
  const double power = law.math.outer ? law.math.outer(state) : 1;
  const bool free = law.has_floor && floor.kind == FloorChoice::Free;
  const bool solve_floor = free && !law.math.outer;
  if (!solve_floor) state.floor = free ? floor_guess : floor.value;
  const Eigen::Index size = terms + (solve_floor ? 1 : 0), n = data.points();
  // What the sum of terms must be for the law to give the measured loss, and how much a point
  // counts: near the optimum ln p - ln L is (p - L) / L.
  Eigen::ArrayXd target = data.loss - data.offset - state.floor;
  Eigen::ArrayXd scale = Eigen::ArrayXd::Ones(n);  // d residual / d sum
  if (objective.space == FitSpace::Log) scale = 1 / data.loss;
  if (law.math.outer) {
    const Eigen::ArrayXd log_sum = target.max(1e-9 * data.loss.mean()).log() / power;
    scale *= power * ((power - 1) * log_sum).exp();
    target = log_sum.exp();
  }
  const double smallest = std::exp(smallest_log_coefficient(law, data));
  Eigen::ArrayXd weight = data.weight;  // times rho'(r) / r
  Eigen::MatrixXd design(n, size);
  LawState best = state;
  double best_value = std::numeric_limits<double>::infinity();
  for (int round = 0; round < kRounds; ++round) {
    if (round == 0 || law.basis_needs_coefficients) {
      design.leftCols(terms) = law.math.basis(data, state).matrix();
      if (solve_floor) design.col(terms).setOnes();
    }
    const Eigen::MatrixXd weighted =
        design.array().colwise() * Eigen::ArrayXd(weight * scale.square());
    const Eigen::VectorXd x = nonnegative_least_squares(weighted.transpose() * design,
                                                        weighted.transpose() * target.matrix());
    state.log_coefficient = x.head(terms).array().max(smallest).log();
    if (solve_floor) state.floor = x[terms];
    const Eigen::ArrayXd r = ((design * x).array() - target) * scale;
    double value = 0;
    for (Eigen::Index i = 0; i < n; ++i) {
      value += data.weight[i] * rho(r[i], objective).value;
      weight[i] = data.weight[i] * reweight(r[i], objective);
    }
    if (value < best_value) {
      best_value = value;
      best = state;
    }
    if (objective.kind == ObjectiveKind::Squares && !law.basis_needs_coefficients) break;
  }
  return best;
}

std::vector<LawState> search_grid(const Law& law, const LawData& data, const Objective& objective,
                                  const FloorChoice& floor, std::size_t count) {
  std::vector<std::vector<double>> grid;
  for (const ShapeParameter& shape : law.shape) grid.push_back(steps_of(shape));
  if (law.tied) grid[static_cast<std::size_t>(law.may_tie->second)] = {0};
  // The floor hides from linear least squares inside an outer power.
  const bool floor_axis = law.math.outer && law.has_floor && floor.kind == FloorChoice::Free;
  const double least = data.loss.minCoeff();
  if (floor_axis) grid.push_back({0, 0.35 * least, 0.6 * least, 0.8 * least, 0.92 * least});
  const std::size_t axes = grid.size();
  std::vector<Candidate> candidates;
  std::vector<int> place(axes, 0);
  for (bool more = true; more;) {
    Eigen::ArrayXd shape(static_cast<Eigen::Index>(law.shape.size()));
    for (std::size_t s = 0; s < law.shape.size(); ++s) {
      shape[static_cast<Eigen::Index>(s)] = grid[s][static_cast<std::size_t>(place[s])];
    }
    if (law.tied) shape[law.may_tie->second] = shape[law.may_tie->first];
    const double guess = floor_axis ? grid.back()[static_cast<std::size_t>(place.back())] : 0;
    Candidate candidate;
    candidate.state = solve_linear(law, data, objective, floor, shape, guess);
    candidate.value = objective_value(law, data, candidate.state, objective);
    candidate.place = place;
    if (std::isfinite(candidate.value)) candidates.push_back(std::move(candidate));
    more = false;
    for (std::size_t t = 0; t < axes && !more; ++t) {
      more = ++place[t] < static_cast<int>(grid[t].size());
      if (!more) place[t] = 0;
    }
  }
  std::sort(candidates.begin(), candidates.end(),
            [](const Candidate& a, const Candidate& b) { return a.value < b.value; });
  std::vector<const Candidate*> kept;
  for (const Candidate& candidate : candidates) {
    const bool beside = std::any_of(kept.begin(), kept.end(), [&](const Candidate* other) {
      for (std::size_t t = 0; t < axes; ++t) {
        if (std::abs(candidate.place[t] - other->place[t]) > 1) return false;
      }
      return true;
    });
    if (!beside) kept.push_back(&candidate);
    if (kept.size() == count) break;
  }
  std::vector<LawState> states;
  for (const Candidate* candidate : kept) states.push_back(candidate->state);
  return states;
}

}  // namespace isoloss
