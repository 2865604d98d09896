#include "analysis/numbers/student_test.h"

#include <cmath>

#include "analysis/numbers/statistics.h"

namespace isoloss {

double t_statistic(const SampleMean& baseline, const SampleMean& candidate, double draws) {
  const double difference = candidate.mean - baseline.mean;
  const double error = std::sqrt(
      (baseline.deviation * baseline.deviation + candidate.deviation * candidate.deviation) /
      draws);
  if (error == 0) return difference == 0 ? 0 : std::copysign(HUGE_VAL, difference);
  return difference / error;
}

StudentTest student_test(const SampleMean& baseline, const SampleMean& candidate, double draws,
                         double level) {
  StudentTest out;
  out.t = t_statistic(baseline, candidate, draws);
  out.p = f_tail(out.t * out.t, 1, 2 * (draws - 1));
  if (out.p < level) out.side = out.t > 0 ? TestSide::Better : TestSide::Worse;
  return out;
}

SideCounts count_sides(std::span<const std::pair<SampleMean, SampleMean>> tasks, double draws,
                       double level) {
  SideCounts counts;
  for (const auto& [baseline, candidate] : tasks) {
    switch (student_test(baseline, candidate, draws, level).side) {
      case TestSide::Better:
        ++counts.better;
        break;
      case TestSide::Worse:
        ++counts.worse;
        break;
      case TestSide::Equal:
        ++counts.equal;
        break;
    }
  }
  return counts;
}

}  // namespace isoloss
