// Student's t-test of two independent means that are printed with their sample deviations, as
// papers compare models over checkpoints (So et al. 2021, Primer, table 6: five checkpoints, p <
// 0.05).
#pragma once
#include <span>
#include <utility>

namespace isoloss {

struct SampleMean {
  double mean = 0;
  double deviation = 0;  // of the sample, n - 1 below
};

enum class TestSide { Better, Worse, Equal };

struct StudentTest {
  double t =
      0;  // of candidate - baseline; infinite where both deviations are zero and means differ
  double p = 1;  // two-sided
  TestSide side = TestSide::Equal;
};

// Both samples of `draws` values, at least two: 2 (draws - 1) degrees of freedom.
double t_statistic(const SampleMean& baseline, const SampleMean& candidate, double draws);
StudentTest student_test(const SampleMean& baseline, const SampleMean& candidate, double draws,
                         double level = 0.05);

struct SideCounts {
  int better = 0, worse = 0, equal = 0;

  bool operator==(const SideCounts&) const = default;
};

// Of pairs (baseline, candidate), one a task.
SideCounts count_sides(std::span<const std::pair<SampleMean, SampleMean>> tasks, double draws,
                       double level = 0.05);

}  // namespace isoloss
