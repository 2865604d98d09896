// Compute-optimal frontiers: from the trials of one architecture to the loss that each budget can
// reach at its best size (docs/comparison.md rule 6: budgets whose best size is at the grid's edge
// do not count and are named).
#pragma once
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "analysis/points/points.h"

namespace isoloss {

enum class FrontierKind { Auto, Points, Surface, IsoFlop, Envelope };

constexpr double kNearOptimal = 1e-3;  // share of the loss

struct FrontierPoint {
  double budget = 0;  // nominal; NaN where the table does not say
  double flops = 0;   // or seconds with wall_clock
  double loss = 0;
  double optimal_parameters = 0;  // NaN where the frontier does not say
  // Sizes whose loss is within kNearOptimal of the optimum's, by the parabola: isoFLOP curves are
  // flat. Absent where no parabola was fitted.
  std::optional<std::pair<double, double>> near_optimal;
  bool used = true;     // false: best size at the grid's edge, or otherwise left out
  std::string why_not;  // with `used`: what speaks against it though it counts
};

struct Frontier {
  std::string architecture;
  FrontierKind kind = FrontierKind::Auto;
  std::vector<FrontierPoint> points;  // by compute, ascending
  std::string reason;                 // why `auto` took this kind; empty where it was asked for
  // surface only: L(N, C) = Lmin(C) + kappa (ln N - a ln C - g)^2, at the middle of ln C where
  // kappa and a change with it (from six budgets on)
  double kappa = std::numeric_limits<double>::quiet_NaN();
  double size_exponent = std::numeric_limits<double>::quiet_NaN();  // a
  double size_offset = std::numeric_limits<double>::quiet_NaN();    // g
  // envelope of common budgets only: how many times the best size its neighbours are, the farther
  // one of each budget, the middle of the budgets; 0 where there are none.
  double size_ratio = 0;
  double deviation = 0;  // of the trials about the surface, nats; 0 where not known
  int deviation_degrees = 0;

  std::vector<FrontierPoint> used() const;
};

struct FrontierOptions {
  FrontierKind kind = FrontierKind::Auto;
  bool wall_clock = false;  // compute in seconds, at the sizes that are optimal in FLOPs
  bool embeddings = true;   // N with or without embeddings
  double from_budget = 0;   // smaller nominal budgets are left out
};

// The trials a frontier is made of: results of `architecture`, from the smallest budget on; of
// several learning rates at one size and budget only the best by the mean over seeds. InputError
// naming the nearest architecture where there is none of that name; where points do not tell two
// runs apart; where rows are of several conventions (comparable_rows.h).
std::vector<Point> frontier_trials(const PointTable& table, const std::string& architecture,
                                   const FrontierOptions& options);

// points: every trial, seeds averaged. surface: one least-squares surface, Lmin free per budget.
// isoflop: a parabola in ln N per budget, refused where it is not convex or its vertex lies outside
// the sizes. envelope: per budget the best size, seeds averaged; without common budgets
// (frontier_choice.h) the lower convex hull in (ln C, ln L). Of two sizes the better one counts.
// auto: frontier_choice.h. `losses` stand in for the trials' own (perturbed draws); with
// `decided`, of the same trials, the kind, the budgets left out and the places of a hull are taken
// from there instead of judged again.
// InputError for a kind the table cannot give.
Frontier compute_frontier(std::span<const Point> trials, std::span<const double> losses,
                          const FrontierOptions& options, const Frontier* decided = nullptr);
Frontier compute_frontier(std::span<const Point> trials, const FrontierOptions& options);

// One line for each budget left out: "best_size_at_edge: ..." or "budget_left_out: ..."; and
// "best_size_near_edge: ..." for one that counts though its best measured size is at the edge,
// because noise explains that and the surface's optimum is inside.
std::vector<std::string> left_out(const Frontier& frontier);

// coarse_envelope: the best of few sizes lies above the frontier by what no draw of noise tells.
void flag_coarse_envelope(const Frontier& frontier, std::vector<std::string>& flags);

const char* name_of(FrontierKind kind);
// InputError for a name that is none.
FrontierKind frontier_kind(const std::string& name);

}  // namespace isoloss
