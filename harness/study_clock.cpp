#include "harness/study_clock.h"

#include <exception>
#include <optional>

#include "results/study_makespan.h"

namespace isoloss {

bool note_start(const StudyFolder& folder, const Predicted& makespan, int ranks) {
  try {
    auto known = read_study_makespan(folder);
    const bool begins = !known && run_ids(folder).empty();
    if (!known && !begins) return false;
    if (begins)
      known = StudyMakespan{.ranks = ranks,
                            .predicted_seconds = makespan.value,
                            .lowest_seconds = makespan.lowest,
                            .highest_seconds = makespan.highest};
    else
      ++known->starts;
    write_study_makespan(folder, *known);
    return begins;
  } catch (const std::exception&) {
    return false;
  }
}

void StudyClock::note_end(const StudyFolder& folder) const {
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began_;
  try {
    auto known = read_study_makespan(folder);
    if (!known || known->starts > 1 || known->seconds) return;
    known->seconds = took.count();
    write_study_makespan(folder, *known);
  } catch (const std::exception&) {
  }
}

}  // namespace isoloss
