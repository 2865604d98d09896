#include <algorithm>
#include <cmath>

#include "analysis/solver/law_refine.h"
#include "analysis/solver/law_search.h"

namespace isoloss {

LawBox::LawBox(const Law& law, const LawData& data, const FloorChoice& floor)
    : terms_(static_cast<Eigen::Index>(law.terms.size())),
      shape_(static_cast<Eigen::Index>(law.shape.size())),
      unit_(data.loss.mean()) {
  low_.resize(terms_ + shape_ + 1);
  high_.resize(size());
  for (Eigen::Index t = 0; t < terms_; ++t) {
    low_[t] = smallest_log_coefficient(law, data);
    high_[t] = law.terms[static_cast<std::size_t>(t)].log_highest;
  }
  for (Eigen::Index s = 0; s < shape_; ++s) {
    low_[terms_ + s] = law.shape[static_cast<std::size_t>(s)].lowest;
    high_[terms_ + s] = law.shape[static_cast<std::size_t>(s)].highest;
  }
  low_[size() - 1] = 0;
  high_[size() - 1] = data.loss.maxCoeff() / unit_;
  if (!law.has_floor || floor.kind != FloorChoice::Free) {
    pin(size() - 1, floor.kind == FloorChoice::Value ? floor.value : 0);
  }
  if (law.tied) {
    leads_ = terms_ + law.may_tie->first;
    follows_ = terms_ + law.may_tie->second;
  }
}

Eigen::VectorXd LawBox::pack(const LawState& state) const {
  Eigen::VectorXd x(size());
  x << state.log_coefficient.matrix(), state.shape.matrix(), state.floor / unit_;
  return inside(x);
}

LawState LawBox::unpack(const Eigen::VectorXd& x) const {
  return {x.head(terms_).array(), x.segment(terms_, shape_).array(), x[size() - 1] * unit_};
}

Eigen::VectorXd LawBox::inside(const Eigen::VectorXd& x) const {
  Eigen::VectorXd y = x.cwiseMax(low_).cwiseMin(high_);
  if (follows_ >= 0) y[follows_] = y[leads_];
  return y;
}

void LawBox::convert(Expansion& e) const {
  const Eigen::Index last = size() - 1;
  e.gradient[last] *= unit_;
  e.curvature.row(last) *= unit_;
  e.curvature.col(last) *= unit_;
  if (follows_ < 0) return;
  e.gradient[leads_] += e.gradient[follows_];
  e.curvature.row(leads_) += e.curvature.row(follows_);
  e.curvature.col(leads_) += e.curvature.col(follows_);
}

Eigen::MatrixXd LawBox::convert(Eigen::MatrixXd rows) const {
  rows.col(size() - 1) *= unit_;
  if (follows_ >= 0) rows.col(leads_) += rows.col(follows_);
  return rows;
}

Eigen::MatrixXd LawBox::covariance_of_state(Eigen::MatrixXd covariance) const {
  covariance.row(size() - 1) *= unit_;
  covariance.col(size() - 1) *= unit_;
  if (follows_ >= 0) {
    covariance.row(follows_) = covariance.row(leads_);
    covariance.col(follows_) = covariance.col(leads_);
  }
  return covariance;
}

std::vector<Eigen::Index> LawBox::free_at(const Eigen::VectorXd& x,
                                          const Eigen::VectorXd& gradient) const {
  std::vector<Eigen::Index> free;
  for (Eigen::Index j = 0; j < size(); ++j) {
    const bool held = j == follows_ || low_[j] == high_[j] ||
                      (x[j] <= low_[j] && gradient[j] >= 0) ||
                      (x[j] >= high_[j] && gradient[j] <= 0);
    if (!held) free.push_back(j);
  }
  return free;
}

}  // namespace isoloss
