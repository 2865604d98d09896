#include "analysis/report/report_laws.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <stdexcept>

#include "analysis/points/without_embeddings.h"

namespace isoloss {
namespace {

constexpr int kMostResamples = 200;
constexpr std::size_t kFewestPoints = 8, kFewestValues = 3;

FitOptions fit_options(const std::string& architecture, const ReportOptions& options) {
  FitOptions fit;
  fit.law = "chinchilla";
  fit.architecture = architecture;
  fit.bootstrap = std::min(options.bootstrap, kMostResamples);
  fit.seed = options.seed;
  fit.from_budget = options.from_budget;
  fit.calibrate = true;
  fit.certify = CertificateEffort::Quick;
  return fit;
}

void set_flops_per_product(ArchitectureLaw& out) {
  const std::vector<double> ratios = flops_per_product(out.points);
  out.flops_per_product = quantile(ratios, 0.5);
  out.flops_per_product_range = {*std::min_element(ratios.begin(), ratios.end()),
                                 *std::max_element(ratios.begin(), ratios.end())};
}

// Its exponents are shown beside the others; what it predicts and certifies is not.
std::optional<Fit> fit_without_embeddings(const PointTable& results,
                                          const std::string& architecture,
                                          const ReportOptions& options) {
  if (!knows_embeddings(results)) return std::nullopt;
  FitOptions fit = fit_options(architecture, options);
  fit.embeddings = false;
  fit.calibrate = false;
  fit.certify = CertificateEffort::None;
  try {
    return fit_law(results, fit);
  } catch (const std::runtime_error&) {
    return std::nullopt;
  }
}

}  // namespace

std::vector<ChinchillaLaw> ArchitectureLaw::drawn() const {
  std::vector<ChinchillaLaw> out;
  if (!fit) return out;
  for (const std::vector<double>& values : fit->draws) {
    if (std::isnan(values.front())) continue;
    auto named = fit->parameters;
    for (std::size_t j = 0; j < named.size(); ++j) named[j].second = values[j];
    out.push_back(chinchilla_law(named));
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
  out.law = chinchilla_law(out.fit->parameters);
  out.without_embeddings = fit_without_embeddings(results, architecture, options);
  return out;
}

}  // namespace isoloss
