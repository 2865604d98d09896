// The chinchilla law by its parameters' names, and the best use of compute that follows from it.
#pragma once
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "analysis/points/points.h"

namespace isoloss {

// loss = E + A N^-alpha + B D^-beta (Hoffmann et al. 2022, equation 2).
struct ChinchillaLaw {
  double A = 0, B = 0, E = 0, alpha = 0, beta = 0;

  double loss(double parameters, double tokens) const;
};

// From values named as `isoloss fit --law chinchilla` names them; what is not named is zero.
ChinchillaLaw chinchilla_law(const std::vector<std::pair<std::string, double>>& named);

// What `flops` buys: N* = G (C/k)^(beta/(alpha+beta)), D* = (C/k)/N*, G = (alpha A / (beta
// B))^(1/(alpha+beta)), with C = k N D (Hoffmann et al. 2022, equation 4, where k = 6).
struct EfficientPoint {
  double parameters = 0, tokens = 0, loss = 0;
};
EfficientPoint efficient_point(const ChinchillaLaw& law, double flops, double k);

// C / (N D) of each point, whose median serves as k.
std::vector<double> flops_per_product(std::span<const Point> points);

}  // namespace isoloss
