#include "analysis/fit/frontier_pair.h"

namespace isoloss {

FrontierPair frontiers_of_one_kind(std::span<const Point> baseline,
                                   std::span<const Point> candidate,
                                   const FrontierOptions& options) {
  FrontierPair pair{FrontierKind::Auto, compute_frontier(baseline, options),
                    compute_frontier(candidate, options)};
  Frontier& b = pair.baseline;
  Frontier& c = pair.candidate;
  pair.kind = b.kind;
  if (b.kind == c.kind) return pair;
  const bool points = b.kind == FrontierKind::Points || c.kind == FrontierKind::Points;
  pair.kind = points ? FrontierKind::Points : FrontierKind::Envelope;
  const std::string reason = b.kind == pair.kind ? b.reason : c.reason;
  FrontierOptions same = options;
  same.kind = pair.kind;
  b = compute_frontier(baseline, same);
  c = compute_frontier(candidate, same);
  b.reason = c.reason = reason;
  return pair;
}

}  // namespace isoloss
