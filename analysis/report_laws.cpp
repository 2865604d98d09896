#include "analysis/report_laws.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <stdexcept>

namespace isoloss {
namespace {

constexpr int kMostResamples = 200;
constexpr std::size_t kFewestPoints = 8, kFewestValues = 3;

ChinchillaLaw law_of(const std::vector<std::pair<std::string, double>>& names,
                     const std::vector<double>& values) {
  ChinchillaLaw law;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::string& name = names[i].first;
    if (name == "A") law.A = values[i];
    if (name == "B") law.B = values[i];
    if (name == "E") law.E = values[i];
    if (name == "alpha") law.alpha = values[i];
    if (name == "beta") law.beta = values[i];
  }
  return law;
}

FitOptions fit_options(const std::string& architecture, const ReportOptions& options) {
  FitOptions fit;
  fit.law = "chinchilla";
  fit.architecture = architecture;
  fit.bootstrap = std::min(options.bootstrap, kMostResamples);
  fit.seed = options.seed;
  fit.from_budget = options.from_budget;
  fit.calibrate = true;
  return fit;
}

void set_flops_per_product(ArchitectureLaw& out) {
  std::vector<double> ratios;
  for (const Point& p : out.points) ratios.push_back(p.flops / p.parameters / p.tokens);
  out.flops_per_product = quantile(ratios, 0.5);
  out.flops_per_product_range = {*std::min_element(ratios.begin(), ratios.end()),
                                 *std::max_element(ratios.begin(), ratios.end())};
}

}  // namespace

double ChinchillaLaw::loss(double parameters, double tokens) const {
  return E + A * std::pow(parameters, -alpha) + B * std::pow(tokens, -beta);
}

EfficientPoint efficient_point(const ChinchillaLaw& law, double flops, double k) {
  const double sum = law.alpha + law.beta;
  const double log_g = std::log(law.alpha * law.A / (law.beta * law.B)) / sum;
  EfficientPoint out;
  out.parameters = std::exp(log_g + law.beta / sum * std::log(flops / k));
  out.tokens = flops / k / out.parameters;
  out.loss = law.loss(out.parameters, out.tokens);
  return out;
}

std::vector<ChinchillaLaw> ArchitectureLaw::drawn() const {
  std::vector<ChinchillaLaw> out;
  if (!fit) return out;
  for (const std::vector<double>& values : fit->draws) {
    if (!std::isnan(values.front())) out.push_back(law_of(fit->parameters, values));
  }
  return out;
}

bool ArchitectureLaw::draws_are_noise() const { return fit && fit->draw_kind == DrawKind::Noise; }

bool ArchitectureLaw::draws_give_intervals() const {
  if (!fit || fit->bootstrap_intervals.empty()) return false;
  return draws_are_noise() || fit->intervals == fit->bootstrap_intervals;
}

double ArchitectureLaw::cost_up_to(double largest_flops) const {
  std::map<std::string, double> runs;
  double cost = 0;
  for (const Point& p : points) {
    if (p.flops > largest_flops) continue;
    if (p.run.empty()) {
      cost += p.flops;
    } else {
      runs[p.run] = std::max(runs[p.run], p.flops);
    }
  }
  for (const auto& [run, flops] : runs) cost += flops;
  return cost;
}

ArchitectureLaw fit_architecture(const PointTable& results, const std::string& architecture,
                                 const ReportOptions& options) {
  ArchitectureLaw out;
  std::set<double> sizes, tokens;
  for (const Point& p : results.points) {
    if (p.architecture != architecture || !is_result(p) || p.budget < options.from_budget) continue;
    if (!std::isfinite(p.parameters) || !std::isfinite(p.tokens)) {
      out.refusal = "a point has no parameters or no tokens";
      return out;
    }
    out.points.push_back(p);
    sizes.insert(p.parameters);
    tokens.insert(p.tokens);
  }
  if (out.points.size() < kFewestPoints || sizes.size() < kFewestValues ||
      tokens.size() < kFewestValues) {
    out.refusal = fmt::format(
        "{} points of {} sizes and {} token counts: the law asks for {} points, {} sizes and {} "
        "token counts",
        out.points.size(), sizes.size(), tokens.size(), kFewestPoints, kFewestValues,
        kFewestValues);
    return out;
  }
  set_flops_per_product(out);
  try {
    out.fit = fit_law(results, fit_options(architecture, options));
  } catch (const std::runtime_error& error) {
    out.refusal = error.what();
    return out;
  }
  std::vector<double> values;
  for (const auto& [name, value] : out.fit->parameters) values.push_back(value);
  out.law = law_of(out.fit->parameters, values);
  return out;
}

}  // namespace isoloss
