#include "analysis/savings/law_design.h"

#include <cmath>
#include <utility>

#include "analysis/fit/loss_noise.h"

namespace isoloss {

LawDesign::LawDesign(const ChinchillaFit& fit, std::vector<Point> trials, const SeedNoise& noise)
    : fit_(fit), trials_(std::move(trials)), noise_(noise), design_(kLawCoordinates) {
  noise_.factor.clear();  // pooled: by budget a few replicates say less than they seem to
  for (Point& p : trials_) {
    p.sequence_losses.clear();  // no run more changes the held-out text
    log_size_ += std::log(p.parameters) / static_cast<double>(trials_.size());
    log_tokens_ += std::log(p.tokens) / static_cast<double>(trials_.size());
  }
  add(trials_, design_);
}

LawCoordinates LawDesign::slope(double loss) const {
  constexpr double kStep = 1e-5;
  LawCoordinates out;
  for (Eigen::Index j = 0; j < kLawCoordinates; ++j) {
    LawCoordinates up = LawCoordinates::Zero(), down = LawCoordinates::Zero();
    up[j] = kStep;
    down[j] = -kStep;
    out[j] = (log_compute(moved(up), loss) - log_compute(moved(down), loss)) / (2 * kStep);
  }
  return out;
}

double LawDesign::variance_with(const std::vector<Point>& run, const LawCoordinates& target) const {
  LinearDesign more = design_;
  add(run, more);
  return more.variance(target);
}

ChinchillaLaw LawDesign::moved(const LawCoordinates& by) const {
  ChinchillaLaw law = fit_.law;
  law.alpha += by[2];
  law.beta += by[3];
  law.E += by[4];
  law.A *= std::exp(by[0] + by[2] * log_size_);
  law.B *= std::exp(by[1] + by[3] * log_tokens_);
  return law;
}

double LawDesign::log_compute(const ChinchillaLaw& law, double loss) const {
  const double gamma = law.alpha * law.beta / (law.alpha + law.beta);
  const double scale = efficient_point(law, 1, fit_.product).loss - law.E;
  return std::log(scale / (loss - law.E)) / gamma;
}

// Rows of ln loss, as the fit sees it; noise of one run's evaluations is its own.
void LawDesign::add(const std::vector<Point>& points, LinearDesign& design) const {
  const auto n = static_cast<Eigen::Index>(points.size());
  Eigen::MatrixXd rows(n, kLawCoordinates);
  Eigen::VectorXd loss(n);
  for (Eigen::Index i = 0; i < n; ++i) {
    const Point& p = points[static_cast<std::size_t>(i)];
    const double by_size = fit_.law.A * std::pow(p.parameters, -fit_.law.alpha);
    const double by_tokens = fit_.law.B * std::pow(p.tokens, -fit_.law.beta);
    loss[i] = fit_.law.E + by_size + by_tokens;
    rows.row(i) << by_size, by_tokens, -by_size * (std::log(p.parameters) - log_size_),
        -by_tokens * (std::log(p.tokens) - log_tokens_), 1;
    rows.row(i) /= loss[i];
  }
  const Eigen::MatrixXd covariance = loss_noise(points, noise_).covariance;
  design.add(rows, covariance.cwiseQuotient(loss * loss.transpose()));
}

}  // namespace isoloss
