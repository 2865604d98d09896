// The law that stands for each architecture in the fit card: chinchilla where its trials allow it,
// else the power law along its frontier, else the one that its comparisons fitted.
#pragma once
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "analysis/report/report_study.h"

namespace isoloss {

struct FittedLaw {
  enum Kind { OfPoints, AlongFrontier, OfComparison } kind = OfPoints;
  std::size_t place = 0;                // the architecture's, in the study
  const Fit* fit = nullptr;             // of the study
  const Savings* comparison = nullptr;  // OfComparison: whose floor and intervals these are
  std::string why_not_points;           // why there is no chinchilla law
};

// Of every architecture that has one, by place.
std::vector<FittedLaw> fitted_laws(const StudyResults& study);

// "E + A N^-alpha + B D^-beta" or "E + a C^-b along the surface frontier".
std::string form_of(const FittedLaw& law);

// What is said of each architecture, by place: once where all say the same, else each with the
// names of those that say it.
std::string said_once(const StudyResults& study,
                      const std::vector<std::pair<std::size_t, std::string>>& said);

}  // namespace isoloss
