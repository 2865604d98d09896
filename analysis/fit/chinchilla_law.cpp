#include "analysis/fit/chinchilla_law.h"

#include <cmath>

namespace isoloss {

double ChinchillaLaw::loss(double parameters, double tokens) const {
  return E + A * std::pow(parameters, -alpha) + B * std::pow(tokens, -beta);
}

ChinchillaLaw chinchilla_law(const std::vector<std::pair<std::string, double>>& named) {
  ChinchillaLaw law;
  for (const auto& [name, value] : named) {
    if (name == "A") law.A = value;
    if (name == "B") law.B = value;
    if (name == "E") law.E = value;
    if (name == "alpha") law.alpha = value;
    if (name == "beta") law.beta = value;
  }
  return law;
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

std::vector<double> flops_per_product(std::span<const Point> points) {
  std::vector<double> ratios;
  for (const Point& p : points) ratios.push_back(p.flops / p.parameters / p.tokens);
  return ratios;
}

}  // namespace isoloss
