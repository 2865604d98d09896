#include "analysis/points/flag.h"

#include <array>
#include <stdexcept>
#include <utility>

namespace isoloss {
namespace {

constexpr std::array<std::pair<Flag, const char*>, 45> kNames = {{
    {Flag::OfAtBound, "*_at_bound"},
    {Flag::OfUndetermined, "*_undetermined"},
    {Flag::OfUnidentified, "*_unidentified"},
    {Flag::OfOutsideInterval, "*_outside_interval"},
    {Flag::NarrowRange, "narrow_range"},
    {Flag::NarrowRangeOf, "narrow_range_of_*"},
    {Flag::FewPoints, "few_points"},
    {Flag::FewRuns, "few_runs"},
    {Flag::OneRun, "one_run"},
    {Flag::BootstrapFailed, "bootstrap_failed"},
    {Flag::ScatterBeyondNoise, "scatter_beyond_noise"},
    {Flag::Outlier, "outlier"},
    {Flag::HighLeverage, "high_leverage"},
    {Flag::NearDuplicateRows, "near_duplicate_rows"},
    {Flag::PointsOffFrontier, "points_off_frontier"},
    {Flag::SeveralArchitectures, "several_architectures"},
    {Flag::SeveralEvaluationSets, "several_evaluation_sets"},
    {Flag::VertexOutside, "vertex_outside"},
    {Flag::NoInteriorMinimum, "no_interior_minimum"},
    {Flag::TooFewSizes, "too_few_sizes"},
    {Flag::BudgetsShareRuns, "budgets_share_runs"},
    {Flag::BestSizeAtEdge, "best_size_at_edge"},
    {Flag::BestSizeNearEdge, "best_size_near_edge"},
    {Flag::BudgetLeftOut, "budget_left_out"},
    {Flag::FrontierNotMonotone, "frontier_not_monotone"},
    {Flag::SurfaceMisfit, "surface_misfit"},
    {Flag::CoarseEnvelope, "coarse_envelope"},
    {Flag::FloorNotIdentified, "floor_not_identified"},
    {Flag::SeedNoiseNotMeasured, "seed_noise_not_measured"},
    {Flag::FewReplicates, "few_replicates"},
    {Flag::HeldOutNoiseNotMeasured, "held_out_noise_not_measured"},
    {Flag::DrawsFailed, "draws_failed"},
    {Flag::DrawsReduced, "draws_reduced"},
    {Flag::FloorSensitivity, "floor_sensitivity"},
    {Flag::FloorsDiffer, "floors_differ"},
    {Flag::SlopesDiffer, "slopes_differ"},
    {Flag::SlopesNotTested, "slopes_not_tested"},
    {Flag::GrowthNotResolved, "growth_not_resolved"},
    {Flag::SavingsNotResolved, "savings_not_resolved"},
    {Flag::Extrapolated, "extrapolated"},
    {Flag::MixedConventions, "mixed_conventions"},
    {Flag::LearningRateAtEdge, "learning_rate_at_edge"},
    {Flag::TextRepeats, "text_repeats"},
    {Flag::WallClockAsMeasured, "wall_clock_as_measured"},
    {Flag::WallClockRefused, "wall_clock_refused"},
}};

// Listed in the enum's order, so that none is missing.
constexpr bool in_order() {
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (static_cast<std::size_t>(kNames[i].first) != i) return false;
  }
  return static_cast<std::size_t>(Flag::WallClockRefused) + 1 == kNames.size();
}
static_assert(in_order());

constexpr auto kFlags = [] {
  std::array<Flag, kNames.size()> flags{};
  for (std::size_t i = 0; i < flags.size(); ++i) flags[i] = kNames[i].first;
  return flags;
}();

std::string with_detail(std::string name, const std::string& detail) {
  return detail.empty() ? name : name + ": " + detail;
}

}  // namespace

std::span<const Flag> all_flags() { return kFlags; }

const char* name_of(Flag flag) { return kNames[static_cast<std::size_t>(flag)].second; }

std::string flag_text(Flag flag, const std::string& detail) {
  const std::string name = name_of(flag);
  if (name.find('*') != std::string::npos) throw std::logic_error(name + " of nothing");
  return with_detail(name, detail);
}

std::string flag_text_of(const std::string& of, Flag flag, const std::string& detail) {
  std::string name = name_of(flag);
  const std::size_t place = name.find('*');
  if (place == std::string::npos) throw std::logic_error(name + " of " + of);
  return with_detail(name.replace(place, 1, of), detail);
}

}  // namespace isoloss
