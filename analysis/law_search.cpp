#include "analysis/law_search.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

namespace isoloss {
namespace {

// Least squares with nonnegative coefficients by trying every set of active columns: three at most.
Eigen::VectorXd nonnegative_least_squares(const Eigen::MatrixXd& normal,
                                          const Eigen::VectorXd& right) {
  const Eigen::Index size = right.size();
  Eigen::VectorXd best = Eigen::VectorXd::Zero(size);
  double best_gain = 0;
  for (unsigned set = (1u << size) - 1; set > 0; --set) {
    std::vector<Eigen::Index> active;
    for (Eigen::Index j = 0; j < size; ++j) {
      if (set >> j & 1u) active.push_back(j);
    }
    const Eigen::VectorXd b = right(active);
    const Eigen::VectorXd x = normal(active, active).ldlt().solve(b);
    if (!x.allFinite() || x.minCoeff() <= 0) continue;
    const double gain = x.dot(b);
    if (gain > best_gain) {
      best_gain = gain;
      best.setZero();
      best(active) = x;
    }
    if (set == (1u << size) - 1) break;  // feasible without constraints: no subset is better
  }
  return best;
}

std::vector<double> exponents(const LawTerm& term, int count) {
  std::vector<double> grid;
  const double low = std::max(term.lowest, 0.02), high = std::min(term.highest, 2.0);
  for (int i = 0; i < count; ++i) grid.push_back(low * std::pow(high / low, i / (count - 1.0)));
  return grid;
}

double reweight(double r, const Objective& objective) {
  switch (objective.kind) {
    case ObjectiveKind::Squares:
      return 1;
    case ObjectiveKind::Lad:
      return 1 / std::max(std::abs(r), 1e-6);
    case ObjectiveKind::Huber:
      break;
  }
  return 1 / std::max(std::abs(r), objective.delta);
}

struct Candidate {
  LawState state;
  double value = std::numeric_limits<double>::infinity();
  std::vector<int> place;
};

// The linear part at the exponents of `place`, columns given.
Candidate solve_linear(const LawData& data, const Objective& objective, const FloorChoice& floor,
                       const std::vector<const Eigen::ArrayXd*>& columns) {
  const auto terms = static_cast<Eigen::Index>(columns.size());
  const bool free = floor.kind == FloorChoice::Free;
  const double given = floor.kind == FloorChoice::Value ? floor.value : 0;
  const Eigen::Index size = terms + (free ? 1 : 0), n = data.points();
  Eigen::MatrixXd design(n, size);
  for (Eigen::Index t = 0; t < terms; ++t) {
    design.col(t) = columns[static_cast<std::size_t>(t)]->matrix();
  }
  if (free) design.col(terms).setOnes();
  const Eigen::ArrayXd target = data.loss - given;
  const bool log_space = objective.space == FitSpace::Log;
  // Near the optimum ln p - ln L is (p - L) / L.
  const Eigen::ArrayXd base =
      log_space ? Eigen::ArrayXd(data.weight / data.loss.square()) : data.weight;
  Eigen::ArrayXd weight = base;
  Candidate best;
  for (int round = 0; round < 4; ++round) {
    const Eigen::MatrixXd weighted = design.array().colwise() * weight;
    const Eigen::VectorXd x = nonnegative_least_squares(design.transpose() * weighted,
                                                        weighted.transpose() * target.matrix());
    Candidate candidate;
    const double smallest = kSmallestCoefficient * data.loss.mean();
    candidate.state.log_coefficient = x.head(terms).array().max(smallest).log();
    candidate.state.floor = free ? x[terms] : given;
    const Eigen::ArrayXd p =
        (design.leftCols(terms) * x.head(terms).cwiseMax(smallest)).array() + candidate.state.floor;
    const Eigen::ArrayXd r =
        log_space ? Eigen::ArrayXd(p.log() - data.log_loss) : Eigen::ArrayXd(p - data.loss);
    candidate.value = 0;
    for (Eigen::Index i = 0; i < n; ++i) {
      const double again = reweight(r[i], objective);
      const double a = std::abs(r[i]), d = objective.delta;
      const double rho = objective.kind == ObjectiveKind::Squares ? a * a
                         : objective.kind == ObjectiveKind::Lad   ? a
                         : a <= d                                 ? a * a / 2
                                                                  : d * (a - d / 2);
      candidate.value += data.weight[i] * rho;
      weight[i] = base[i] * again;
    }
    if (candidate.value < best.value) best = candidate;
    if (objective.kind == ObjectiveKind::Squares) break;
  }
  return best;
}

}  // namespace

std::vector<LawState> search_grid(const Law& law, const LawData& data, const Objective& objective,
                                  const FloorChoice& floor, std::size_t count) {
  const std::size_t terms = law.terms.size();
  const int steps = terms == 1 ? 40 : 14;
  std::vector<std::vector<double>> grid(terms);
  std::vector<std::vector<Eigen::ArrayXd>> columns(terms);
  for (std::size_t t = 0; t < terms; ++t) {
    grid[t] = exponents(law.terms[t], steps);
    for (const double exponent : grid[t]) {
      columns[t].push_back((-exponent * data.z.col(static_cast<Eigen::Index>(t))).exp());
    }
  }
  std::vector<Candidate> candidates;
  std::vector<int> place(terms, 0);
  for (bool more = true; more;) {
    std::vector<const Eigen::ArrayXd*> chosen;
    Eigen::ArrayXd exponent(static_cast<Eigen::Index>(terms));
    for (std::size_t t = 0; t < terms; ++t) {
      const auto at = static_cast<std::size_t>(place[t]);
      chosen.push_back(&columns[t][at]);
      exponent[static_cast<Eigen::Index>(t)] = grid[t][at];
    }
    Candidate candidate = solve_linear(data, objective, floor, chosen);
    candidate.state.exponent = exponent;
    candidate.place = place;
    if (std::isfinite(candidate.value)) candidates.push_back(std::move(candidate));
    more = false;
    for (std::size_t t = 0; t < terms && !more; ++t) {
      more = ++place[t] < steps;
      if (!more) place[t] = 0;
    }
  }
  std::sort(candidates.begin(), candidates.end(),
            [](const Candidate& a, const Candidate& b) { return a.value < b.value; });
  std::vector<const Candidate*> kept;
  for (const Candidate& candidate : candidates) {
    const bool beside = std::any_of(kept.begin(), kept.end(), [&](const Candidate* other) {
      for (std::size_t t = 0; t < terms; ++t) {
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
