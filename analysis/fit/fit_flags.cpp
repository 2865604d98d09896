#include "analysis/fit/fit_flags.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "analysis/fit/fit_intervals.h"
#include "analysis/points/flag.h"
#include "analysis/points/repeated_rows.h"
#include "model/spec/error.h"

namespace isoloss {
namespace {

constexpr double kWideExponent = 4;
constexpr std::size_t kMostNamed = 5;

void add_once(Fit& fit, const std::string& flag) {
  if (!fit.has_flag(flag)) fit.flags.push_back(flag);
}

std::string row_name(const Point& point, std::size_t row) {
  return fmt::format("row {} ('{}'{}, {:.3g} FLOPs, loss {:.4g})", row + 1, point.architecture,
                     point.size.empty() ? "" : ", " + point.size, point.flops, point.loss);
}

void flag_outliers(const LawScatter& scatter, std::span<const Point> points,
                   std::span<const std::size_t> rows, Fit& fit) {
  if (!(scatter.degrees >= 3) || !(scatter.robust_deviation > 1e-9)) return;
  const auto n = static_cast<double>(points.size());
  const double limit = student_factor(scatter.degrees, 1 - 0.01 / n);
  std::vector<std::pair<double, std::size_t>> beyond;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const auto at = static_cast<Eigen::Index>(i);
    const double left = std::max(1 - scatter.leverage[at], 1e-6);
    const double deviations = -scatter.residual[at] * std::sqrt(scatter.weight[at]) /
                              (scatter.robust_deviation * std::sqrt(left));
    if (std::abs(deviations) > limit) beyond.emplace_back(deviations, i);
  }
  std::sort(beyond.begin(), beyond.end(), [](const auto& a, const auto& b) {
    return std::abs(a.first) != std::abs(b.first) ? std::abs(a.first) > std::abs(b.first)
                                                  : a.second < b.second;
  });
  for (std::size_t k = 0; k < std::min(beyond.size(), kMostNamed); ++k) {
    const auto [deviations, i] = beyond[k];
    fit.flags.push_back(
        flag_text(Flag::Outlier, fmt::format("{} is {:.1f} deviations {} the law, leverage {:.2f}",
                                             row_name(points[i], rows[i]), std::abs(deviations),
                                             deviations > 0 ? "above" : "below",
                                             scatter.leverage[static_cast<Eigen::Index>(i)])));
  }
  if (beyond.size() > kMostNamed) {
    fit.flags.push_back(
        flag_text(Flag::Outlier, fmt::format("{} more rows", beyond.size() - kMostNamed)));
  }
}

void flag_leverage(const LawScatter& scatter, std::span<const Point> points,
                   std::span<const std::size_t> rows, Fit& fit) {
  if (!(scatter.degrees >= 1)) return;
  std::size_t named = 0;
  for (std::size_t i = 0; i < points.size() && named < kMostNamed; ++i) {
    const double leverage = scatter.leverage[static_cast<Eigen::Index>(i)];
    if (leverage < 0.9) continue;
    fit.flags.push_back(flag_text(Flag::HighLeverage,
                                  fmt::format("{} alone decides the law near it, leverage {:.2f}",
                                              row_name(points[i], rows[i]), leverage)));
    ++named;
  }
}

void flag_duplicates(std::span<const Point> points, std::span<const std::size_t> rows, Fit& fit) {
  const RepeatedRows found = repeated_rows(points, rows, RowsOf::ALaw);
  if (found.pairs == 0) return;
  fit.flags.push_back(flag_text(Flag::NearDuplicateRows, found.text()));
}

}  // namespace

std::size_t free_parameters(const Law& law, const FloorChoice& floor) {
  return law.terms.size() + law.shape.size() - (law.tied ? 1 : 0) +
         (law.has_floor && floor.kind == FloorChoice::Free ? 1 : 0);
}

void require_points(const std::string& source, std::size_t n, const Law& law,
                    const FloorChoice& floor) {
  const std::size_t free = free_parameters(law, floor);
  if (n >= free) return;
  throw InputError(fmt::format(
      "{}: law '{}' has {} free parameters and there are {} points (too few to fit); add points{}",
      source, law.name, free, n,
      law.has_floor && floor.kind == FloorChoice::Free ? " or fix the floor" : ""));
}

void require_losses_above(const std::string& source, const LawData& data,
                          const FloorChoice& floor) {
  if (floor.kind != FloorChoice::Value && floor.kind != FloorChoice::Pinned) return;
  std::map<double, double> highest;  // loss of the points of each floor
  for (Eigen::Index i = 0; i < data.points(); ++i) {
    const double own = floor.kind == FloorChoice::Value ? floor.value : data.offset[i];
    const auto [at, fresh] = highest.try_emplace(own, data.loss[i]);
    at->second = std::max(at->second, data.loss[i]);
  }
  for (const auto& [nats, loss] : highest)
    if (loss <= nats)
      throw InputError(fmt::format(
          "{}: floor {} (no loss lies above it, the highest is {:.6g}: a law never falls below its "
          "floor); give a smaller one",
          source, nats, loss));
}

void flag_solution(const Law& law, const LawSolution& solution, Fit& fit) {
  if (fit.n < free_parameters(law, {FloorChoice::Zero}) + 4) {
    fit.flags.push_back(flag_text(Flag::FewPoints));
  }
  if (solution.floor_at_bound) fit.flags.push_back(flag_text_of("E", Flag::OfAtBound));
  std::vector<bool> unidentified = solution.shape_at_bound;
  for (std::size_t t = 0; t < law.terms.size(); ++t) {
    if (!solution.coefficient_at_bound[t]) continue;
    if (law.terms[t].shape >= 0) {
      unidentified[static_cast<std::size_t>(law.terms[t].shape)] = true;
    } else {
      fit.flags.push_back(flag_text_of(law.terms[t].name, Flag::OfAtBound));
    }
  }
  for (std::size_t k = 0; k < unidentified.size(); ++k) {
    if (unidentified[k]) add_once(fit, flag_text_of(law.shape[k].name, Flag::OfUnidentified));
  }
}

void flag_ranges(const Law& law, const LawData& data, Fit& fit) {
  const auto flag = [&](const Eigen::ArrayXd& z, const std::string& name) {
    const double decades = (z.maxCoeff() - z.minCoeff()) / std::log(10.0);
    if (decades >= 1) return;
    add_once(fit, flag_text(Flag::NarrowRange));
    fit.flags.push_back(
        flag_text_of(name, Flag::NarrowRangeOf, fmt::format("{:.2f} decades", decades)));
  };
  Eigen::Index n = -1, d = -1;
  for (std::size_t r = 0; r < law.regressors.size(); ++r) {
    const auto column = static_cast<Eigen::Index>(r);
    if (law.regressors[r] == Regressor::Parameters) n = column;
    if (law.regressors[r] == Regressor::Tokens) d = column;
    // Unique tokens are often one number for all rows; what counts is how often they repeat.
    if (law.regressors[r] == Regressor::UniqueTokens) continue;
    flag(data.z.col(column), column_of(law.regressors[r]));
  }
  if (n >= 0 && d >= 0) flag(data.z.col(d) - data.z.col(n), "tokens_per_parameter");
}

bool is_undetermined(const Interval& interval) {
  constexpr double kDecades = 6;
  return !(std::log10(interval.second) - std::log10(interval.first) <= kDecades);
}

std::string regressors_together(const Law& law, const LawData& data) {
  constexpr double kOneLine = 0.9998;  // the cosine of what scatters by two per cent
  const Eigen::MatrixXd z = data.z.matrix();
  for (Eigen::Index j = 0; j < z.cols(); ++j) {
    for (Eigen::Index i = 0; i < j; ++i) {
      const double cosine = std::abs(z.col(i).dot(z.col(j))) / (z.col(i).norm() * z.col(j).norm());
      if (!(cosine > kOneLine)) continue;
      return fmt::format("{} and {} follow one power law and cannot be told apart; ",
                         column_of(law.regressors[static_cast<std::size_t>(i)]),
                         column_of(law.regressors[static_cast<std::size_t>(j)]));
    }
  }
  return "";
}

void flag_wide_intervals(const Law& law, const std::vector<NamedInterval>& intervals, Fit& fit) {
  for (const ShapeParameter& shape : law.shape) {
    for (const auto& [name, interval] : intervals) {
      if (name != shape.name || !shape.positive) continue;
      if (interval.second > kWideExponent * interval.first) {
        add_once(fit, flag_text_of(name, Flag::OfUnidentified));
      }
    }
  }
  for (const LawTerm& term : law.terms) {
    for (const auto& [name, interval] : intervals) {
      if (name != term.name || name.starts_with("ln") || !is_undetermined(interval)) continue;
      add_once(fit, flag_text_of(name, Flag::OfUndetermined));
    }
  }
}

void flag_misfit(double misfit, double p, Fit& fit) {
  if (!(p < 0.05)) return;
  fit.flags.push_back(flag_text(
      Flag::ScatterBeyondNoise,
      fmt::format("points lie {:.3g} times as far off the law as measured noise explains (p = "
                  "{:.2g}); the intervals are widened by that, draws of the noise are not",
                  std::sqrt(misfit), p)));
}

void flag_shared_runs(std::span<const Point> points, std::vector<std::string>& flags) {
  if (runs_of(points).empty()) return;
  flags.push_back(flag_text(Flag::BudgetsShareRuns,
                            "the scatter about the line takes budgets as independent, and runs are "
                            "measured at several of them: its interval is too narrow"));
}

void flag_outside_intervals(Fit& fit) {
  for (const auto& [name, interval] : fit.intervals) {
    const double value = fit.parameter(name);
    if (value >= interval.first && value <= interval.second) continue;
    fit.flags.push_back(flag_text_of(
        name, Flag::OfOutsideInterval,
        fmt::format("parabolas move {} by more than its interval is wide; go by the interval, or "
                    "leave out sizes far from the best",
                    name)));
  }
}

void flag_architectures(std::span<const Point> points, Fit& fit) {
  std::set<std::string> names;
  for (const Point& point : points) names.insert(point.architecture);
  if (names.size() < 2) return;
  fit.flags.push_back(
      flag_text(Flag::SeveralArchitectures, fmt::format("{} in one law", names.size())));
}

void flag_evaluation_sets(std::span<const std::string> sets, Fit& fit) {
  const std::set<std::string> names(sets.begin(), sets.end());
  if (names.size() < 2 || !fit.floor_by_evaluation.empty()) return;
  fit.flags.push_back(
      flag_text(Flag::SeveralEvaluationSets, fmt::format("{} in one law", names.size())));
}

void flag_rows(const LawScatter& scatter, std::span<const Point> points,
               std::span<const std::size_t> rows, Fit& fit) {
  flag_outliers(scatter, points, rows, fit);
  flag_leverage(scatter, points, rows, fit);
  flag_duplicates(points, rows, fit);
}

}  // namespace isoloss
