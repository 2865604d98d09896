// The numbers of a savings comparison from two frontiers: what is computed once from the losses as
// they are and again from every perturbed draw.
#pragma once
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "analysis/fit/frontier.h"
#include "analysis/fit/frontier_curve.h"
#include "analysis/savings/parallel_lines.h"
#include "analysis/savings/savings.h"
#include "analysis/savings/savings_floor.h"

namespace isoloss {

// Where savings are asked for.
struct SavingsPlaces {
  std::vector<double> at, curve;  // losses
  std::vector<double> compute;    // of the baseline, inside the curve
};

// savings_places.cpp: the losses both frontiers of `savings` reach (either, where the exponent is
// given), and where savings are given. WorkError where there are none.
Interval savings_overlap(const PointTable& table, const SavingsOptions& options,
                         const Savings& savings);
SavingsPlaces savings_places(const SavingsOptions& options, const Savings& savings);

struct SavingsEstimate {
  LinePair own, equal;  // own not set where the slope is given, neither where the floor is free
  std::optional<LinePair> own_floors;         // where both have the points a floor needs
  std::vector<double> at, curve, by_compute;  // savings by inverse interpolation
  std::vector<double> at_by_law;              // of `own` or `own_floors`; NaN where neither is
};

// Savings at the places, interpolated where both curves reach and along their ends beyond.
SavingsEstimate estimate_savings(const std::vector<FrontierPoint>& baseline,
                                 const std::vector<FrontierPoint>& candidate,
                                 const SavingsFloor& floor, const SavingsPlaces& places);

// Of one slope given: nothing is interpolated.
SavingsEstimate estimate_savings_of_slope(const std::vector<FrontierPoint>& baseline,
                                          const std::vector<FrontierPoint>& candidate, double floor,
                                          double k, const SavingsPlaces& places);

// Whether a frontier has `fewest` points and none at or below a floor that is given.
bool can_compare(const std::vector<FrontierPoint>& used, const SavingsFloor& floor,
                 std::size_t fewest);

// Draws of so many trials that are made of those asked for: fewer for very many trials, and none
// where too few are left for percentiles.
int affordable_draws(int asked, std::size_t trials);

// savings_draws.cpp: the estimate from every perturbed draw of the trials, those of the baseline
// first.
struct SavingsDraws {
  std::vector<std::vector<double>> at, at_by_law, curve, by_compute;  // by place, by draw
  std::vector<double> equal, exponent, per_decade;                    // by draw; NaN: failed
  std::vector<double> growth, floor_difference;                       // logarithm; nats
};
SavingsDraws draw_savings(const std::vector<Point>& trials, std::size_t baseline_count,
                          const SavingsOptions& options, const SavingsFloor& floor,
                          const SavingsPlaces& places, const Savings& savings);

// savings_bias.cpp: savings as parabolas see the frontiers of the chinchilla laws that fit both
// architectures' trials, and as those frontiers are. Empty where frontiers are not of parabolas
// or the slope is given, or there are no such laws.
struct SavingsBias {
  SavingsEstimate by_parabolas, exact;
};
std::optional<SavingsBias> savings_bias(std::span<const Point> baseline,
                                        std::span<const Point> candidate,
                                        const SavingsOptions& options, const SavingsFloor& floor,
                                        const SavingsPlaces& places, const Savings& savings);
// Takes the difference of the two out of every draw.
void move_draws(const SavingsBias& bias, SavingsDraws& draws);

// Trials of an architecture that a covariance of every pair is made of.
constexpr std::size_t kMostScattered = 1000;

// savings_scatter.cpp: Student-t interval of the savings of `equal`, one factor for all losses,
// from the scatter of each architecture's trials about its chinchilla law
// (residual_noise_of_trials.h), carried through frontiers and lines to first order and moved by the
// bias of parabolas. Where the frontiers' points scatter about the lines by more, it is scaled up.
// The points of one surface scatter about lines by less than the surface itself is off. Empty where
// frontiers are of rows as they stand, or an architecture has no such law or more trials than a
// covariance is made of.
std::optional<Interval> trial_scatter_interval(std::span<const Point> baseline,
                                               std::span<const Point> candidate,
                                               const SavingsOptions& options,
                                               const SavingsFloor& floor,
                                               const std::optional<SavingsBias>& bias,
                                               const LinePair& equal, const Savings& savings);

// Intervals and p values from the draws; an interval holds its estimate.
void set_intervals(const SavingsDraws& draws, double level, Savings& savings);

}  // namespace isoloss
