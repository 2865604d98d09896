// Why a study's runs are trained by as many ranks as they are, in one sentence.
#pragma once
#include <optional>
#include <string>

#include "sweeps/layout.h"
#include "sweeps/run_ranks.h"

namespace isoloss {

struct RankReason {
  // Seconds until a study ends: as predicted, and where runs scatter around that, on average.
  struct Ends {
    double predicted = 0, scattered = 0;
  };

  RankLayout asked;  // by the study
  PlanRanks ranks;
  bool held = true;                 // by memory
  std::optional<std::string> fits;  // where it is not: what the study file may say to be
  // Bytes of a rank that the run needs that needs most: as asked, and on so many as planned.
  double as_asked = 0, as_planned = 0;
  int planned = 1;
  Ends chosen;
  std::optional<Ends> fewest;    // with the fewest ranks for each run that hold it, if others are
  bool fewest_are_asked = true;  // those are as many as the study asks for
};

std::string text_of(const RankReason& why);

}  // namespace isoloss
