// A fitted law again at losses that noise has moved: what draws and intervals of noise share.
#pragma once
#include <cstddef>
#include <functional>
#include <optional>
#include <vector>

#include "analysis/fit/fit.h"
#include "analysis/fit/fit_intervals.h"
#include "analysis/solver/law_profile.h"
#include "analysis/solver/law_scatter.h"

namespace isoloss {

// The law fitted again to the data of each of `options.bootstrap` draws, from where it was and from
// `starts` of the search; `parameters`: how many the law prints. A draw whose data are empty, whose
// losses are not all above zero or whose fit does not converge is kFailed.
ParameterDraws refitted_draws(const ProfileProblem& fit, const FitOptions& options,
                              std::size_t starts, std::size_t parameters,
                              const std::function<std::optional<LawData>(std::size_t)>& data_of);

// The data with other losses, one a point, in nats.
LawData with_losses(LawData data, const std::vector<double>& losses);

// Student-t intervals of the law's parameters at `level`, from what `scatter` says of it.
std::vector<NamedInterval> scatter_intervals(const ProfileProblem& fit, const LawScatter& scatter,
                                             double level);

}  // namespace isoloss
