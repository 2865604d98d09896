#include "analysis/fit/refitted_draws.h"

#include "analysis/fit/fit_points.h"
#include "analysis/numbers/parallel_for.h"

namespace isoloss {

ParameterDraws refitted_draws(const ProfileProblem& fit, const FitOptions& options,
                              std::size_t starts, std::size_t parameters,
                              const std::function<std::optional<LawData>(std::size_t)>& data_of) {
  ParameterDraws draws(static_cast<std::size_t>(options.bootstrap),
                       std::vector<double>(parameters, kFailed));
  parallel_for(draws.size(), options.threads, [&](std::size_t r) {
    const std::optional<LawData> data = data_of(r);
    if (!data || !(data->loss.minCoeff() > 0)) return;
    const LawSolution again =
        solve_law(fit.law, *data, fit.objective, options.floor, starts, fit.solution.state);
    if (!again.converged) return;
    const auto named = named_parameters(fit.law, *data, again.state);
    for (std::size_t j = 0; j < named.size(); ++j) draws[r][j] = named[j].second;
  });
  return draws;
}

LawData with_losses(LawData data, const std::vector<double>& losses) {
  data.loss = Eigen::Map<const Eigen::ArrayXd>(losses.data(), data.points());
  data.log_loss = data.loss.log();
  return data;
}

std::vector<NamedInterval> scatter_intervals(const ProfileProblem& fit, const LawScatter& scatter,
                                             double level) {
  return lack_of_fit_intervals(fit.law, fit.data, fit.solution, scatter, fit.objective, fit.floor,
                               level);
}

}  // namespace isoloss
