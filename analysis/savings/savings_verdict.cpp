#include "analysis/savings/savings_verdict.h"

#include <fmt/format.h>

#include "analysis/fit/seed_noise.h"
#include "analysis/numbers/statistics.h"
#include "analysis/savings/savings_resolved.h"

namespace isoloss {
namespace {

std::string brackets(const SavingsOptions& options, const Savings& savings, const SavingsAt& at) {
  const HeadlineSavings headline = headline_savings(options, savings);
  std::string text;
  if (headline.interval) {
    text = fmt::format("{:g} % interval {:.3g} to {:.3g}{}", 100 * options.level,
                       headline.interval->first, headline.interval->second,
                       headline.by_law ? " by the law"
                       : at.interval   ? ""
                                       : " by the scatter alone");
  } else if (at.extrapolated && savings.draws > 0) {
    text = "no interval beyond the losses that both frontiers reach";
  } else {
    text = savings.seed_noise.measured ? "no interval" : "no interval: seed noise not measured";
  }
  text += fmt::format("; {} frontier", name_of(savings.frontier));
  if (at.extrapolated) text += "; extrapolated";
  const auto& law = savings.law;
  if (!savings.growth_resolved) return text + "; growth not resolved";
  return text + fmt::format("; the factor {} by {:.3g} per decade of compute",
                            law->per_decade > 1 ? "grows" : "shrinks", law->per_decade);
}

}  // namespace

std::string verdict_text(const SavingsOptions& options, const Savings& savings) {
  const SavingsAt& at = middle_loss(savings);
  const std::string& c = savings.candidate;
  const std::string& b = savings.baseline;
  const std::string what = options.wall_clock ? "time" : "compute";
  const double factor = headline_savings(options, savings).savings;
  const std::string rest =
      fmt::format("at loss {:.4g} ({})", at.loss, brackets(options, savings, at));
  if (holds_one(options, savings)) {
    return fmt::format("{} against {}: savings not resolved, {:.3g}x {} {}", c, b, factor, what,
                       rest);
  }
  if (factor < 1) {
    return fmt::format("{} needs {:.3g}x the {} of {} {}", c, 1 / factor, what, b, rest);
  }
  return fmt::format("{} saves {:.3g}x {} over {} {}", c, factor, what, b, rest);
}

std::string uncertainty_text(const std::vector<Point>& trials, const Savings& savings) {
  const SeedNoise& noise = savings.seed_noise;
  if (savings.draws == 0) {
    return noise.measured ? "none: no draws" : "none: seed noise not measured";
  }
  if (savings.draws < static_cast<int>(kFewestDraws)) {
    return fmt::format("none: {} draws, fewer than {}", savings.draws, kFewestDraws);
  }
  return fmt::format(
      "seed noise of {} replicate groups ({} degrees of freedom){} through frontier "
      "and law, {} draws{}",
      noise.replicates, noise.degrees,
      LossDraws(trials, noise, 0).sequences() > 0 ? " and paired held-out noise" : "",
      savings.draws,
      savings.moved ? ", moved by what parabolas do to the frontiers of the chinchilla laws" : "");
}

}  // namespace isoloss
