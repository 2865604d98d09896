#include "analysis/fit/frontier_pair.h"

#include <algorithm>
#include <cmath>

namespace isoloss {
namespace {

bool lacks_envelope(const Frontier& own, std::span<const Point> trials, FrontierOptions options) {
  if (own.kind != FrontierKind::Points) return false;
  const bool sized = std::all_of(own.points.begin(), own.points.end(), [](const auto& point) {
    return std::isfinite(point.optimal_parameters);
  });
  if (!sized) return true;
  options.kind = FrontierKind::Envelope;
  return compute_frontier(trials, options).used().size() <
         std::min<std::size_t>(2, own.points.size());
}

}  // namespace

FrontierPair frontiers_of_one_kind(std::span<const Point> baseline,
                                   std::span<const Point> candidate,
                                   const FrontierOptions& options) {
  FrontierPair pair{FrontierKind::Auto, compute_frontier(baseline, options),
                    compute_frontier(candidate, options)};
  Frontier& b = pair.baseline;
  Frontier& c = pair.candidate;
  pair.kind = b.kind;
  if (b.kind == c.kind) return pair;
  const bool points = lacks_envelope(b, baseline, options) || lacks_envelope(c, candidate, options);
  pair.kind = points ? FrontierKind::Points : FrontierKind::Envelope;
  std::string reason = "the other architecture's trials allow no more";
  if (b.kind == pair.kind || c.kind == pair.kind) {
    reason = b.kind == pair.kind ? b.reason : c.reason;
  }
  FrontierOptions same = options;
  same.kind = pair.kind;
  b = compute_frontier(baseline, same);
  c = compute_frontier(candidate, same);
  b.reason = c.reason = reason;
  return pair;
}

}  // namespace isoloss
