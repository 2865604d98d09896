// Two frontiers that may be compared: of one kind (docs/comparison.md rule 6).
#pragma once
#include <span>

#include "analysis/fit/frontier.h"

namespace isoloss {

struct FrontierPair {
  FrontierKind kind = FrontierKind::Auto;
  Frontier baseline, candidate;
};

// Both of the kind asked for; where `auto` differs, of the one that asks less of the table: the
// envelope, and points where one architecture has points and no envelope of two (or of its only
// one).
FrontierPair frontiers_of_one_kind(std::span<const Point> baseline,
                                   std::span<const Point> candidate,
                                   const FrontierOptions& options);

}  // namespace isoloss
