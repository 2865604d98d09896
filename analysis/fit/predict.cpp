#include "analysis/fit/predict.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/math/tools/minima.hpp>
#include <boost/math/tools/toms748_solve.hpp>
#include <cmath>

#include "model/spec/error.h"

namespace isoloss {
namespace {

constexpr double kFlopsPerParameterToken = 6;  // Kaplan et al. 2020: C = 6 N D
constexpr double kFlopsApart = 2;              // what attention and embeddings make of it is less

bool needs(const Law& law, Regressor regressor) {
  return std::find(law.regressors.begin(), law.regressors.end(), regressor) != law.regressors.end();
}

[[noreturn]] void ask_for(const Law& law, const char* what) {
  throw InputError(fmt::format("law '{}' needs {} (it was not given); add it", law.name, what));
}

struct Located {
  double parameters = std::nan(""), tokens = std::nan(""), flops = std::nan("");
  double unique = std::nan("");
};

std::vector<double> regressors_of(const Law& law, const Located& at) {
  std::vector<double> x;
  for (const Regressor regressor : law.regressors) {
    switch (regressor) {
      case Regressor::Parameters:
        x.push_back(at.parameters);
        break;
      case Regressor::Tokens:
        x.push_back(at.tokens);
        break;
      case Regressor::Flops:
        x.push_back(at.flops);
        break;
      case Regressor::UniqueTokens:
        x.push_back(at.unique);
        break;
      case Regressor::TaskLoss:  // no place has one, and no law that `fit` stores asks for it
        x.push_back(kNone);
        break;
    }
  }
  return x;
}

// The size that the law likes best for the budget, with D = C / 6N where the law asks for tokens.
Located best_for(const Law& law, const LawState& raw, Located at, const Interval& sizes) {
  const auto with = [&](double log_size) {
    Located there = at;
    there.parameters = std::exp(log_size);
    there.tokens = there.flops / (kFlopsPerParameterToken * there.parameters);
    return there;
  };
  const auto loss = [&](double log_size) {
    return predict(law, law_place(regressors_of(law, with(log_size))), raw)[0];
  };
  // One valley in ln N; it may be far from the sizes seen when the budget is.
  const double low = std::log(sizes.first) - 12, high = std::log(sizes.second) + 12;
  std::uintmax_t steps = 200;
  return with(boost::math::tools::brent_find_minima(loss, low, high, 40, steps).first);
}

// The size or token count, whichever is missing, at which the law likes the other best: with C =
// 6 N D a step of ln N must gain what the same step of ln D does. False where no such place is.
bool add_partner(const Law& law, const LawState& raw, Located& at) {
  const bool sized = std::isfinite(at.parameters);
  const auto with = [&](double log_partner) {
    Located there = at;
    (sized ? there.tokens : there.parameters) = std::exp(log_partner);
    return there;
  };
  const auto gain = [&](double log_partner) {
    constexpr double kStep = 1e-3;
    const auto loss = [&](double step_n, double step_d) {
      Located there = with(log_partner);
      there.parameters *= std::exp(step_n);
      there.tokens *= std::exp(step_d);
      return predict(law, law_place(regressors_of(law, there)), raw)[0];
    };
    return loss(kStep, 0) - loss(-kStep, 0) - loss(0, kStep) + loss(0, -kStep);
  };
  const double known = std::log(sized ? at.parameters : at.tokens);
  const double low = known - 25, high = known + 25;
  const double at_low = gain(low), at_high = gain(high);
  if (!(at_low * at_high < 0)) return false;
  std::uintmax_t steps = 200;
  const auto ends = boost::math::tools::toms748_solve(
      gain, low, high, at_low, at_high, boost::math::tools::eps_tolerance<double>(40), steps);
  at = with((ends.first + ends.second) / 2);
  return true;
}

// Decades from the data's range, and which quantity it is.
void add_distance(const FitOrigin& origin, const Located& at, Prediction& prediction) {
  const auto look = [&](const char* name, double x) {
    const auto range = origin.ranges.find(name);
    if (range == origin.ranges.end() || !(x > 0)) return;
    const double beyond =
        std::max(std::log10(x / range->second.second), std::log10(range->second.first / x));
    if (beyond <= prediction.decades_beyond + 1e-9) return;
    prediction.decades_beyond = beyond;
    prediction.beyond = name;
  };
  look("parameters", at.parameters);
  look("tokens", at.tokens);
  look("flops", at.flops);
  look("tokens_per_parameter", at.tokens / at.parameters);
  const double d = prediction.decades_beyond;
  if (d <= 0) return;
  std::string grade = "just outside the data: the interval still rests on points nearby";
  if (d > 0.5) grade = "outside the data: the interval holds if the law's form does";
  if (d > 1.5) {
    grade =
        "far outside the data: published extrapolations of this length missed by more than "
        "their intervals; take it as a projection";
  }
  if (d > 3) {
    grade = "very far outside the data: nothing was measured that speaks for this number";
  }
  prediction.warning =
      fmt::format("{:.2f} decades beyond the data in {}; {}", d, prediction.beyond, grade);
}

void add_calibration(const StoredFit& fit, Prediction& prediction) {
  prediction.calibration = fit.calibration;
  if (fit.calibration) return;
  prediction.notes.push_back("interval not calibrated: " +
                             (fit.calibration_missing.empty()
                                  ? "the fit says nothing of leave-future-out folds"
                                  : fit.calibration_missing));
}

void refuse_unique_tokens(const std::string& law, const Place& place) {
  if (!place.unique_tokens) return;
  throw InputError(fmt::format(
      "law '{}' knows no repeated data (--unique-tokens would change nothing); leave it out", law));
}

Prediction predict_optimum(const StoredFit& fit, const Place& place, double level) {
  refuse_unique_tokens(fit.law, place);
  if (!place.flops || place.parameters || place.tokens) {
    throw InputError(
        "law 'isoflop' says the best size and tokens of a budget (it is asked by compute alone); "
        "give --flops and neither --parameters nor --tokens");
  }
  const auto at = [&](const char* name) {
    const auto found = fit.parameters.find(name);
    if (found != fit.parameters.end()) return found->second;
    throw InputError(
        fmt::format("parameter '{}' of law 'isoflop' is missing; print the fit again", name));
  };
  Prediction out;
  out.law = fit.law;
  out.level = level;
  out.flops = *place.flops;
  const double log_c = std::log(out.flops);
  out.parameters = std::exp(at("lnG") + at("a") * log_c);
  out.tokens = fit.parameters.contains("b") ? std::exp(at("lnH") + at("b") * log_c) : std::nan("");
  if (fit.basis) {
    // Covariance of (value at the centre, slope) of ln N*, then of ln D*.
    const PredictionBasis& basis = *fit.basis;
    const Eigen::Index coordinates = fit.parameters.contains("b") ? 4 : 2;
    if (basis.covariance.rows() != coordinates || basis.centre.size() != 1) {
      throw InputError(fmt::format(
          "'prediction' of law 'isoflop' is of {} coordinates about {} means (its lines have {} "
          "about one); print the fit again",
          basis.covariance.rows(), basis.centre.size(), coordinates));
    }
    const double off = log_c - basis.centre[0];
    const double t = student_factor(basis.degrees, level) * basis.factor;
    const Eigen::Vector2d slope(1, off);
    const auto around = [&](double centre, Eigen::Index block) {
      const double half =
          t * std::sqrt(slope.dot(basis.covariance.block<2, 2>(block, block) * slope));
      const double shift = basis.shift.size() > 0 ? slope.dot(basis.shift.segment<2>(block)) : 0;
      return Interval{centre * std::exp(std::min(0.0, -shift - half)),
                      centre * std::exp(std::max(0.0, -shift + half))};
    };
    out.optimal_parameters = around(out.parameters, 0);
    if (coordinates == 4) out.optimal_tokens = around(out.tokens, 2);
    add_calibration(fit, out);
  }
  add_distance(fit.origin, {std::nan(""), std::nan(""), out.flops}, out);
  return out;
}

void require_positive(const Place& place) {
  for (const auto& [name, value] :
       {std::pair{"parameters", place.parameters}, std::pair{"tokens", place.tokens},
        std::pair{"flops", place.flops}, std::pair{"unique-tokens", place.unique_tokens}}) {
    if (value && !(*value > 0 && std::isfinite(*value))) {
      throw InputError(
          fmt::format("{} is {} (must be a number above zero); correct it", name, *value));
    }
  }
}

// Where the law is asked: what is not given follows from the rest, as `notes` then say.
Located located(const StoredFit& fit, const Law& law, const LawState& raw, const Place& place,
                std::vector<std::string>& notes) {
  Located at;
  if (place.parameters) at.parameters = *place.parameters;
  if (place.tokens) at.tokens = *place.tokens;
  if (place.flops) at.flops = *place.flops;
  if (place.unique_tokens) at.unique = *place.unique_tokens;
  if (needs(law, Regressor::UniqueTokens) && !place.unique_tokens) {
    ask_for(law, "--unique-tokens");
  }
  if (!needs(law, Regressor::UniqueTokens)) refuse_unique_tokens(law.name, place);
  const bool sized = needs(law, Regressor::Parameters), counted = needs(law, Regressor::Tokens);
  if (!sized && !counted && place.flops && (place.parameters || place.tokens)) {
    throw InputError(fmt::format(
        "law '{}' goes by compute alone (size and tokens beside --flops would change nothing); "
        "leave them out",
        law.name));
  }
  // Laws of size and tokens alone have a best one for each of the other.
  const bool paired = sized && counted && law.regressors.size() == 2;
  const bool one = place.parameters.has_value() != place.tokens.has_value();
  if (paired && one && !place.flops) {
    if (!add_partner(law, raw, at)) {
      const bool of_size = place.parameters.has_value();
      throw InputError(fmt::format(
          "law '{}' has no best {} for {:.4g} {} (more of one of them gains more than of the other "
          "however many there are); give {} or --flops",
          law.name, of_size ? "token count" : "size", of_size ? *place.parameters : *place.tokens,
          of_size ? "parameters" : "tokens", of_size ? "--tokens" : "--parameters"));
    }
    notes.emplace_back(place.parameters
                           ? "tokens: compute-optimal for this size by this law, with C = 6 N D"
                           : "size: compute-optimal for these tokens by this law, with C = "
                             "6 N D");
  } else if (sized && !place.parameters && place.tokens && place.flops) {
    at.parameters = at.flops / (kFlopsPerParameterToken * at.tokens);
    notes.emplace_back("size: C / (6 D)");
  } else if (sized && !place.parameters) {
    if (!place.flops) {
      ask_for(law, counted ? "--parameters and --tokens, or --flops" : "--flops");
    }
    const auto sizes = fit.origin.ranges.find("parameters");
    at = best_for(law, raw, at,
                  sizes == fit.origin.ranges.end() ? Interval{1e6, 1e10} : sizes->second);
    notes.push_back(counted ? "size and tokens: the best of the budget by this law, with "
                              "C = 6 N D"
                            : "size: the best of the budget by this law");
  } else if (counted && !place.tokens) {
    if (!place.flops) ask_for(law, "--tokens or --flops");
    at.tokens = at.flops / (kFlopsPerParameterToken * at.parameters);
    notes.emplace_back("tokens: C / (6 N)");
  }
  const double of_budget = at.flops / (kFlopsPerParameterToken * at.parameters * at.tokens);
  if (std::abs(std::log(of_budget)) > std::log(kFlopsApart)) {
    notes.push_back(fmt::format("flops: {:.3g} times 6 N D, taken as given", of_budget));
  }
  if (std::isnan(at.flops)) {
    at.flops = kFlopsPerParameterToken * at.parameters * at.tokens;
    if (needs(law, Regressor::Flops)) {
      if (std::isnan(at.flops)) ask_for(law, "--flops, or --parameters and --tokens");
      notes.emplace_back("flops: 6 N D");
    }
  }
  return at;
}

}  // namespace

Forecast forecast(const Law& law, const LawState& centred, const PredictionBasis& basis,
                  FitSpace space, std::span<const double> x) {
  LawData place = law_place(x);
  for (std::size_t r = 0; r < basis.centre.size(); ++r) {
    const auto column = static_cast<Eigen::Index>(r);
    place.centre[column] = basis.centre[r];
    place.z(0, column) -= basis.centre[r];
  }
  const double loss = predict(law, place, centred)[0];
  const Eigen::RowVectorXd slope = jacobian(law, place, centred, space).row(0);
  const double variance = slope * basis.covariance * slope.transpose();
  return {space == FitSpace::Log ? std::log(loss) : loss,
          std::sqrt(std::max(variance, 0.0) + basis.deviation * basis.deviation),
          basis.shift.size() > 0 ? slope.dot(basis.shift) : 0};
}

Interval interval_of(const Forecast& at, const PredictionBasis& basis, FitSpace space,
                     double level) {
  const double half = basis.factor * student_factor(basis.degrees, level) * at.deviation;
  const double low = std::min(at.value, at.value - at.shift - half);
  const double high = std::max(at.value, at.value - at.shift + half);
  if (space == FitSpace::Linear) return {low, high};
  return {std::exp(low), std::exp(high)};
}

Prediction predict_at(const StoredFit& fit, const Place& place, double level) {
  if (!(level > 0 && level < 1)) {
    throw InputError("level out of range (between 0 and 1); for example 0.95");
  }
  require_positive(place);
  const std::map<std::string, double> parameters = parameters_on(fit, place.evaluation);
  if (fit.law == "isoflop") return predict_optimum(fit, place, level);
  const Law& law = law_named(fit.law);
  const LawState raw = state_of(law, parameters);
  Prediction out;
  out.law = law.name;
  out.evaluation = place.evaluation;
  out.level = level;
  const Located at = located(fit, law, raw, place, out.notes);
  out.parameters = at.parameters;
  out.tokens = at.tokens;
  out.flops = at.flops;
  const std::vector<double> x = regressors_of(law, at);
  out.loss = predict(law, law_place(x), raw)[0];
  if (!(*out.loss > 0) || !std::isfinite(*out.loss)) {
    throw InputError(fmt::format(
        "law '{}' gives a loss of {} there (no double holds what it is made of, or the fit's "
        "parameters are not its own); ask nearer to the data, or print the fit again",
        law.name, *out.loss));
  }
  if (fit.basis) {
    const auto regressors = static_cast<Eigen::Index>(law.regressors.size());
    if (static_cast<Eigen::Index>(fit.basis->centre.size()) != regressors ||
        fit.basis->covariance.rows() != static_cast<Eigen::Index>(law.coordinates())) {
      throw InputError(fmt::format(
          "the fit's 'prediction' is not of law '{}' (wrong sizes); print the fit again", fit.law));
    }
    const Eigen::ArrayXd centre =
        Eigen::Map<const Eigen::ArrayXd>(fit.basis->centre.data(), regressors);
    std::vector<double> values;
    for (const std::string& name : law.parameters) values.push_back(parameters.at(name));
    LawState centred = law.math.state(values, centre);
    centred.floor = raw.floor;
    out.interval =
        interval_of(forecast(law, centred, *fit.basis, fit.space, x), *fit.basis, fit.space, level);
    add_calibration(fit, out);
  } else {
    out.notes.emplace_back("no interval: the fit had no point more than parameters");
  }
  add_distance(fit.origin, at, out);
  return out;
}

}  // namespace isoloss
