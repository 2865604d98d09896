#include "analysis/fit/predict_place.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/math/tools/minima.hpp>
#include <boost/math/tools/toms748_solve.hpp>
#include <cmath>
#include <cstdint>

#include "analysis/numbers/statistics.h"
#include "model/spec/error.h"

namespace isoloss {
namespace {

constexpr double kFlopsPerParameterToken = 6;  // Kaplan et al. 2020: C = 6 N D
constexpr double kFlopsApart = 2;              // what attention and embeddings make of it is less
// Stands for the sizes of a fit that does not say which it saw: with kBeyondSizes on either side
// all models are between.
constexpr Interval kSizesWhereNotKnown{1e6, 1e10};
constexpr double kBeyondSizes = 12;   // in ln N: a best size is looked for so far from those seen
constexpr double kPartnerReach = 25;  // in ln: and a partner so far from the one given
constexpr double kStep = 1e-3;        // in ln N and ln D, of what is gained by them
constexpr int kBits = 40;             // of ln N or ln D, to which they are found
constexpr std::uintmax_t kMostSteps = 200;

bool needs(const Law& law, Regressor regressor) {
  return std::find(law.regressors.begin(), law.regressors.end(), regressor) != law.regressors.end();
}

[[noreturn]] void ask_for(const Law& law, const char* what) {
  throw InputError(fmt::format("law '{}' needs {} (it was not given); add it", law.name, what));
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
  const double low = std::log(sizes.first) - kBeyondSizes;
  const double high = std::log(sizes.second) + kBeyondSizes;
  std::uintmax_t steps = 200;
  return with(boost::math::tools::brent_find_minima(loss, low, high, kBits, steps).first);
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
    const auto loss = [&](double step_n, double step_d) {
      Located there = with(log_partner);
      there.parameters *= std::exp(step_n);
      there.tokens *= std::exp(step_d);
      return predict(law, law_place(regressors_of(law, there)), raw)[0];
    };
    return loss(kStep, 0) - loss(-kStep, 0) - loss(0, kStep) + loss(0, -kStep);
  };
  const double known = std::log(sized ? at.parameters : at.tokens);
  const double low = known - kPartnerReach, high = known + kPartnerReach;
  const double at_low = gain(low), at_high = gain(high);
  if (!(at_low * at_high < 0)) return false;
  std::uintmax_t steps = kMostSteps;
  const auto ends = boost::math::tools::toms748_solve(
      gain, low, high, at_low, at_high, boost::math::tools::eps_tolerance<double>(kBits), steps);
  at = with((ends.first + ends.second) / 2);
  return true;
}

}  // namespace

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

void refuse_unique_tokens(const std::string& law, const Place& place) {
  if (!place.unique_tokens) return;
  throw InputError(fmt::format(
      "law '{}' knows no repeated data (--unique-tokens would change nothing); leave it out", law));
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
                  sizes == fit.origin.ranges.end() ? kSizesWhereNotKnown : sizes->second);
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

}  // namespace isoloss
