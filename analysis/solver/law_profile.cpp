#include "analysis/solver/law_profile.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace isoloss {
namespace {

constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

// The minimum with one coordinate held, from the place where the last one ended.
class Walk {
 public:
  Walk(const ProfileProblem& problem, Eigen::Index coordinate)
      : problem_(problem),
        free_(problem.law, problem.data, problem.floor),
        coordinate_(coordinate),
        x_(free_.pack(problem.solution.state)) {}

  double low() const { return free_.low()[coordinate_] * unit(); }
  double high() const { return free_.high()[coordinate_] * unit(); }
  double best() const { return x_[coordinate_] * unit(); }

  // Infinity where no minimum was reached.
  double operator()(double value) {
    LawBox box = free_;
    box.pin(coordinate_, value);
    const Refined end = refine(problem_.law, box, problem_.data, problem_.objective, x_);
    if (!std::isfinite(end.value)) return std::numeric_limits<double>::infinity();
    x_ = end.x;
    return end.value;
  }

 private:
  double unit() const { return coordinate_ + 1 == free_.size() ? free_.unit() : 1; }

  const ProfileProblem& problem_;
  LawBox free_;
  Eigen::Index coordinate_;
  Eigen::VectorXd x_;
};

// Where the profile crosses `limit` on one side; the bound where it does not.
double crossing(Walk walk, double minimum, double limit, double step, double bound) {
  // On this scale a profile is nearly straight: its root's distance in deviations, minus the
  // limit's.
  const auto excess = [&](double value) {
    return std::sqrt(std::max(walk(value) - minimum, 0.0)) - std::sqrt(limit - minimum);
  };
  double in = walk.best(), at_in = -std::sqrt(limit - minimum);
  const double side = bound < in ? -1 : 1;
  double out = in, at_out = at_in;
  for (int doubling = 0; doubling < 40; ++doubling) {
    out = side < 0 ? std::max(bound, in - step) : std::min(bound, in + step);
    at_out = excess(out);
    if (at_out >= 0) break;
    if (out == bound) return bound;
    in = out;
    at_in = at_out;
    step *= 2;
  }
  if (!(at_out >= 0)) return bound;
  for (int i = 0; i < 60 && std::abs(out - in) > 1e-8 * (std::abs(in) + std::abs(out)); ++i) {
    double middle = in - at_in * (out - in) / (at_out - at_in);
    // Bisection now and then, where the secant crawls.
    if (!std::isfinite(middle) || i % 4 == 3) middle = (in + out) / 2;
    const double at = excess(middle);
    if (std::abs(at) < 1e-7 * std::sqrt(limit - minimum)) return middle;
    (at < 0 ? in : out) = middle;
    (at < 0 ? at_in : at_out) = at;
  }
  return in;
}

}  // namespace

std::optional<Eigen::Index> coordinate_named(const Law& law, const FloorChoice& floor,
                                             const std::string& name) {
  for (std::size_t s = 0; s < law.shape.size(); ++s) {
    if (law.shape[s].name != name) continue;
    std::size_t at = s;
    if (law.tied && static_cast<int>(s) == law.may_tie->second) {
      at = static_cast<std::size_t>(law.may_tie->first);
    }
    return static_cast<Eigen::Index>(law.terms.size() + at);
  }
  if (name == "E" && law.has_floor && floor.kind == FloorChoice::Free) {
    return static_cast<Eigen::Index>(law.coordinates() - 1);
  }
  return std::nullopt;
}

Interval profile_interval(const ProfileProblem& problem, const LawScatter& scatter,
                          Eigen::Index coordinate, double level) {
  const double t = student_factor(scatter.degrees, level);
  const double minimum = problem.solution.value;
  // Exact points: what rounding leaves of the objective is no scatter.
  const double limit =
      minimum + t * t * scatter.rise[coordinate] + 1e-28 * problem.data.weight.sum();
  const Walk walk(problem, coordinate);
  const double deviation = std::sqrt(scatter.covariance(coordinate, coordinate));
  double step = t * deviation;
  if (!(step > 0) || !std::isfinite(step)) step = 0.05 * (walk.high() - walk.low());
  step = std::min(step, walk.high() - walk.low());
  return {
      walk.best() <= walk.low() ? walk.low() : crossing(walk, minimum, limit, step, walk.low()),
      walk.best() >= walk.high() ? walk.high() : crossing(walk, minimum, limit, step, walk.high())};
}

std::vector<double> profile(const ProfileProblem& problem, Eigen::Index coordinate,
                            std::span<const double> values) {
  std::vector<double> minima;
  Walk walk(problem, coordinate);
  for (const double value : values) {
    const double minimum = walk(value);
    minima.push_back(std::isfinite(minimum) ? minimum : kMissing);
  }
  return minima;
}

Eigen::MatrixXd profile_grid(const ProfileProblem& problem, Eigen::Index first,
                             std::span<const double> first_values, Eigen::Index second,
                             std::span<const double> second_values) {
  Eigen::MatrixXd minima(static_cast<Eigen::Index>(first_values.size()),
                         static_cast<Eigen::Index>(second_values.size()));
  const LawBox free(problem.law, problem.data, problem.floor);
  const Eigen::VectorXd best = free.pack(problem.solution.state);
  for (Eigen::Index i = 0; i < minima.rows(); ++i) {
    Eigen::VectorXd x = best;
    for (Eigen::Index j = 0; j < minima.cols(); ++j) {
      LawBox box = free;
      box.pin(first, first_values[static_cast<std::size_t>(i)]);
      box.pin(second, second_values[static_cast<std::size_t>(j)]);
      const Refined end = refine(problem.law, box, problem.data, problem.objective, x);
      minima(i, j) = std::isfinite(end.value) ? end.value : kMissing;
      if (std::isfinite(end.value)) x = end.x;
    }
  }
  return minima;
}

}  // namespace isoloss
