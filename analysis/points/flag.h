// Every flag that a fit or a comparison can carry (docs/fitting.md, "Flags";
// tests/analysis/flag_test.cpp raises each). A flag is printed as `name` or `name: detail`; some
// names hold what they speak of, a parameter or a quantity.
#pragma once
#include <span>
#include <string>

namespace isoloss {

enum class Flag {
  // Of a law. `Of`: what the name holds is given.
  OfAtBound,
  OfUndetermined,
  OfUnidentified,
  OfOutsideInterval,
  NarrowRange,
  NarrowRangeOf,
  FewPoints,
  FewRuns,
  OneRun,
  BootstrapFailed,
  ScatterBeyondNoise,
  Outlier,
  HighLeverage,
  NearDuplicateRows,
  PointsOffFrontier,
  SeveralArchitectures,
  SeveralEvaluationSets,
  // Of a budget of an isoFLOP law.
  VertexOutside,
  NoInteriorMinimum,
  TooFewSizes,
  // Of a line over budgets.
  BudgetsShareRuns,
  // Of a frontier.
  BestSizeAtEdge,
  BestSizeNearEdge,
  BudgetLeftOut,
  FrontierNotMonotone,
  SurfaceMisfit,
  CoarseEnvelope,
  FloorNotIdentified,
  // Of noise.
  SeedNoiseNotMeasured,
  FewReplicates,
  HeldOutNoiseNotMeasured,
  DrawsFailed,
  DrawsReduced,
  // Of a comparison.
  FloorSensitivity,
  FloorsDiffer,
  SlopesDiffer,
  SlopesNotTested,
  GrowthNotResolved,
  SavingsNotResolved,
  Extrapolated,
  MixedConventions,
  LearningRateAtEdge,
  TextRepeats,
  WallClockAsMeasured,
  WallClockRefused,
};

std::span<const Flag> all_flags();

// The name; `*` stands for what it holds.
const char* name_of(Flag flag);

// As a fit or a comparison carries it.
std::string flag_text(Flag flag, const std::string& detail = "");
std::string flag_text_of(const std::string& of, Flag flag, const std::string& detail = "");

}  // namespace isoloss
