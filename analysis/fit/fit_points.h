// A law fitted to every point of a table (fit.cpp chooses between this and a frontier).
#pragma once
#include <cstddef>
#include <span>
#include <vector>

#include "analysis/fit/fit.h"
#include "analysis/solver/law_scatter.h"

namespace isoloss {

// Profiles of more points than this would take seconds, and differ from straight lines in nothing.
constexpr std::ptrdiff_t kMostPointsProfiled = 20000;

Fit fit_points(const Law& law, const PointTable& table, const FitOptions& options);

// fit_isoflop.cpp: isoFLOP parabolas, their vertices and the lines through them.
Fit fit_isoflop(const PointTable& table, const FitOptions& options);

// The solution in a fit's words, with the flags that the solution alone calls for. WorkError where
// it did not converge.
Fit describe_solution(const Law& law, const LawData& data, const LawSolution& solution,
                      const FitOptions& options, const Objective& objective);

// What `options` ask of a fit's certificate.
CertificateSearch certificate_search(const FitOptions& options);

// Lack-of-fit intervals: profiles for shape parameters and floor, linear for coefficients. Empty
// where no degree of freedom is left.
std::vector<NamedInterval> lack_of_fit_intervals(const Law& law, const LawData& data,
                                                 const LawSolution& solution,
                                                 const LawScatter& scatter,
                                                 const Objective& objective,
                                                 const FloorChoice& floor, double level);

PredictionBasis basis_of(const LawData& data, const LawScatter& scatter);

}  // namespace isoloss
