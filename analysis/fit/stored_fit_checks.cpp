#include "analysis/fit/stored_fit_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "analysis/laws/law.h"
#include "model/spec/error.h"

namespace isoloss {
namespace {

// Beyond these no fit prints anything: logarithms of doubles, and what intervals cannot be of.
constexpr double kMostLogarithm = 710, kMostDeviation = 1e6, kMostVariance = 1e30;

class StoredFitCheck {
 public:
  StoredFitCheck(const StoredFit& fit, const std::string& name) : fit_(fit), name_(name) {}

  void parameters(const Law& law) const {
    for (std::size_t j = 0; j < law.parameters.size(); ++j) {
      const std::string& key = law.parameters[j];
      const double value = parameter(key);
      for (const ShapeParameter& shape : law.shape) {
        if (shape.name != key || !shape.positive) continue;
        require(value > 0 && value <= shape.highest * (1 + 1e-9), key, value,
                fmt::format("between 0 and {}", shape.highest));
      }
      // What the law takes a logarithm of.
      std::vector<double> probe(law.parameters.size(), 1);
      probe[j] = value;
      const LawState state = law.math.state(
          probe, Eigen::ArrayXd::Zero(static_cast<Eigen::Index>(law.regressors.size())));
      require(!state.log_coefficient.isNaN().any() && !state.shape.isNaN().any(), key, value,
              "zero or more");
    }
    if (law.has_floor && fit_.floor_by_evaluation.empty()) floor("E", parameter("E"));
    for (const auto& [set, value] : fit_.floor_by_evaluation) floor(set, value);
  }

  void optima() const {
    for (const char* key : {"lnG", "a"}) parameter(key);
    if (fit_.parameters.contains("b")) parameter("lnH");
  }

  void range(const std::string& key) const {
    if (fit_.origin.ranges.contains(key)) return;
    refuse("ranges", "has no '" + key + "'");
  }

  void ranges() const {
    for (const auto& [key, range] : fit_.origin.ranges) {
      const bool fine = range.first > 0 && range.first <= range.second;
      if (!fine) {
        refuse("ranges", fmt::format("of '{}' is {} to {} (not a range of numbers above zero)", key,
                                     range.first, range.second));
      }
    }
  }

  void basis(Eigen::Index coordinates, std::size_t regressors) const {
    const PredictionBasis& basis = *fit_.basis;
    const Eigen::MatrixXd& covariance = basis.covariance;
    if (basis.centre.size() != regressors || covariance.rows() != coordinates) {
      refuse(
          "prediction",
          fmt::format("is of {} coordinates about {} means (law '{}' has {} about {})",
                      covariance.rows(), basis.centre.size(), fit_.law, coordinates, regressors));
    }
    for (const double centre : basis.centre) {
      require(std::abs(centre) <= kMostLogarithm, "centre", centre, "the logarithm of a number");
    }
    require(basis.deviation <= kMostDeviation, "deviation", basis.deviation, "of losses");
    for (Eigen::Index j = 0; j < covariance.rows(); ++j) {
      require(covariance(j, j) <= kMostVariance, "covariance", covariance(j, j), "of coordinates");
      for (Eigen::Index k = 0; k <= j; ++k) {
        const double most = std::sqrt(covariance(j, j) * covariance(k, k)) * (1 + 1e-6);
        const bool same = std::abs(covariance(j, k) - covariance(k, j)) <= 1e-6 * most;
        if (std::abs(covariance(j, k)) <= most && same) continue;
        refuse("covariance", fmt::format("is none (row {}, column {})", j + 1, k + 1));
      }
    }
  }

 private:
  [[noreturn]] void refuse(const std::string& key, const std::string& what) const {
    throw InputError(fmt::format("{}: '{}' {}; print the fit again", name_, key, what));
  }
  void require(bool fine, const std::string& key, double value, const std::string& must) const {
    if (!fine) refuse(key, fmt::format("is {} (must be {})", value, must));
  }
  void floor(const std::string& key, double value) const {
    require(value >= 0, key, value, "zero or more");
  }
  double parameter(const std::string& key) const {
    const auto found = fit_.parameters.find(key);
    if (found == fit_.parameters.end()) {
      throw InputError(fmt::format("{}: parameter '{}' of law '{}' is missing; print the fit again",
                                   name_, key, fit_.law));
    }
    return found->second;
  }

  const StoredFit& fit_;
  const std::string& name_;
};

}  // namespace

void check_stored_fit(const StoredFit& fit, const std::string& name) {
  const StoredFitCheck check(fit, name);
  check.ranges();
  check.range("flops");  // points have no less
  if (fit.law == "isoflop") {
    check.optima();
    if (fit.basis) check.basis(fit.parameters.contains("b") ? 4 : 2, 1);
    return;
  }
  const Law& law = law_named(fit.law);
  check.parameters(law);
  if (fit.basis) {
    check.basis(static_cast<Eigen::Index>(law.coordinates()), law.regressors.size());
  }
}

}  // namespace isoloss
