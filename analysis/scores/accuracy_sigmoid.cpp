#include "analysis/scores/accuracy_sigmoid.h"

#include <fmt/format.h>

#include <array>
#include <cmath>

#include "analysis/laws/laws.h"
#include "analysis/numbers/statistics.h"
#include "analysis/points/flag.h"
#include "model/spec/counter_random.h"
#include "model/spec/error.h"

namespace isoloss {
namespace {

constexpr std::size_t kFewestOfSigmoid = 4;
constexpr double kParameters = 3;  // rise, slope, middle
const Objective kLeastSquares{ObjectiveKind::Squares, 0, FitSpace::Linear};

FloorChoice fixed_at(double chance) { return {FloorChoice::Value, chance, {}}; }

// The law with its rise kept from passing accuracy 1.
Law sigmoid_above(double chance) {
  Law law = sigmoid_law();
  law.terms[0].log_highest = std::log(1 - chance);
  return law;
}

void set_results(SigmoidFit& fit, double chance) {
  const Law law = sigmoid_above(chance);
  const LawState& state = fit.solution.state;
  fit.curve = {chance, std::exp(state.log_coefficient[0]), state.shape[0], state.shape[1]};
  const Eigen::ArrayXd residual = fit.data.loss - predict(law, fit.data, state);
  fit.residuals.assign(residual.begin(), residual.end());
  fit.squares = residual.square().sum();
  const double degrees = static_cast<double>(fit.data.points()) - kParameters;
  fit.deviation = degrees > 0 ? std::sqrt(fit.squares / degrees) : kNone;
  fit.flags.clear();
  const auto at_bound = [&](const char* what) {
    fit.flags.push_back(flag_text_of(what, Flag::OfAtBound));
  };
  if (state.log_coefficient[0] >= law.terms[0].log_highest) at_bound("rise");
  const std::array<const char*, 2> names{"slope", "middle"};
  for (std::size_t s = 0; s < names.size(); ++s) {
    if (fit.solution.shape_at_bound[s]) at_bound(names[s]);
  }
}

LawData sigmoid_data(const std::vector<AccuracyPoint>& points) {
  std::vector<double> loss, accuracy;
  for (const AccuracyPoint& point : points) {
    loss.push_back(point.task_loss);
    accuracy.push_back(point.accuracy);
  }
  return law_data(loss, accuracy);
}

std::map<std::string, std::vector<AccuracyPoint>> by_architecture(
    const std::vector<AccuracyPoint>& points) {
  std::map<std::string, std::vector<AccuracyPoint>> out;
  for (const AccuracyPoint& point : points) out[point.architecture].push_back(point);
  return out;
}

double f_of(double together, double apart, double more, double left) {
  return std::max(0.0, together - apart) / more / (apart / left);
}

}  // namespace

SigmoidFit fit_sigmoid(const std::vector<AccuracyPoint>& points, double chance) {
  if (points.size() < kFewestOfSigmoid) {
    throw WorkError(
        fmt::format("accuracy over loss takes {} points (there are {}); score more "
                    "trials",
                    kFewestOfSigmoid, points.size()));
  }
  SigmoidFit fit;
  fit.data = sigmoid_data(points);
  if (!(fit.data.loss.maxCoeff() > chance)) {
    throw WorkError(
        fmt::format("no accuracy is above chance ({:.3g}; the best is {:.3g}); train further or "
                    "choose an easier task",
                    chance, fit.data.loss.maxCoeff()));
  }
  fit.solution = solve_law(sigmoid_above(chance), fit.data, kLeastSquares, fixed_at(chance));
  if (!fit.solution.converged) {
    throw WorkError(
        fmt::format("the sigmoid of accuracy over loss did not converge (gradient "
                    "{:.1e}); score more trials",
                    fit.solution.gradient_norm));
  }
  set_results(fit, chance);
  return fit;
}

SigmoidFit refit(const SigmoidFit& fit, const std::vector<double>& accuracies) {
  const double chance = fit.curve.chance;
  SigmoidFit out = fit;
  out.data.loss = Eigen::Map<const Eigen::ArrayXd>(accuracies.data(), fit.data.points());
  out.solution = solve_law(sigmoid_above(chance), out.data, kLeastSquares, fixed_at(chance), 0,
                           fit.solution.state);
  if (out.solution.converged) set_results(out, chance);
  return out;
}

double run_factor(std::uint64_t seed, const std::string& run, std::uint64_t draw) {
  static const std::array<double, 6> points{-std::sqrt(1.5), -1, -std::sqrt(0.5),
                                            std::sqrt(0.5),  1,  std::sqrt(1.5)};
  return points[random_below(seed, stream_of("run factor " + run), draw, points.size())];
}

SharingTest test_sharing(const std::vector<AccuracyPoint>& points, double chance, int draws,
                         std::uint64_t seed) {
  SharingTest out;
  const auto groups = by_architecture(points);
  const double more = kParameters * (static_cast<double>(groups.size()) - 1);
  const double left =
      static_cast<double>(points.size()) - kParameters * static_cast<double>(groups.size());
  if (groups.size() < 2) {
    out.why_not = "one architecture";
    return out;
  }
  for (const auto& [name, own] : groups) {
    if (own.size() > kFewestOfSigmoid) continue;
    out.why_not =
        fmt::format("{} has {} points, fewer than {}", name, own.size(), kFewestOfSigmoid + 1);
    return out;
  }
  SigmoidFit together;
  std::vector<SigmoidFit> apart;
  std::vector<std::vector<std::size_t>> places;  // of each group's points among all
  double squares = 0;
  try {
    together = fit_sigmoid(points, chance);
    for (const auto& [name, own] : groups) {
      apart.push_back(fit_sigmoid(own, chance));
      squares += apart.back().squares;
      places.emplace_back();
      for (std::size_t i = 0; i < points.size(); ++i) {
        if (points[i].architecture == name) places.back().push_back(i);
      }
    }
  } catch (const WorkError& error) {
    out.why_not = error.what();
    return out;
  }
  out.tested = true;
  out.degrees[0] = more;
  out.degrees[1] = left;
  out.f = f_of(together.squares, squares, more, left);
  out.p = f_tail(out.f, more, left);
  double beyond = 1, done = 1;
  for (int draw = 0; draw < draws; ++draw) {
    std::vector<double> drawn(points.size());
    for (std::size_t i = 0; i < points.size(); ++i) {
      drawn[i] =
          together.data.loss[static_cast<Eigen::Index>(i)] - together.residuals[i] +
          together.residuals[i] * run_factor(seed, points[i].run, static_cast<std::uint64_t>(draw));
    }
    const SigmoidFit again = refit(together, drawn);
    bool converged = again.solution.converged;
    double own_squares = 0;
    for (std::size_t g = 0; g < apart.size() && converged; ++g) {
      std::vector<double> own;
      for (const std::size_t i : places[g]) own.push_back(drawn[i]);
      // From the shared sigmoid: under the hypothesis that is the truth.
      SigmoidFit start = apart[g];
      start.solution.state = together.solution.state;
      const SigmoidFit one = refit(start, own);
      converged = one.solution.converged;
      own_squares += one.squares;
    }
    if (!converged) continue;
    done += 1;
    beyond += f_of(again.squares, own_squares, more, left) >= out.f ? 1 : 0;
  }
  out.bootstrap_p = beyond / done;
  return out;
}

}  // namespace isoloss
