// The schedule that plan prints against bounds that no schedule beats; schedule_bench prints more.
#include <gtest/gtest.h>

#include "tests/sweeps/made_schedules.h"

namespace isoloss {
namespace {

enum class Made { Ladder, OneRunBounds };

struct Case {
  const char* name;
  Made made;
  int ranks;
};

class ScheduleBound : public testing::TestWithParam<Case> {};

// Within 5 % of the larger of work over ranks and the longest run at its best width, while runs
// scatter by 10 % around the prediction.
TEST_P(ScheduleBound, IsMetWithinFivePercent) {
  const int ranks = GetParam().ranks;
  const DeviceRate rate = device_rate("cpu", "float32");
  const StudyPlan plan = GetParam().made == Made::Ladder
                             ? made::ladder()
                             : made::with_one_run_that_bounds(ranks, rate);
  ASSERT_EQ(plan.trials.size(), 500U);
  const RankPlan chosen = plan_ranks(plan, {ranks, 1e15}, rate);
  const made::RunTimes times(plan, ranks, rate);
  for (const std::uint64_t draw : {1U, 2U, 3U}) {
    const auto factors = made::factors_of(times.size(), 0.1, draw);
    EXPECT_LE(made::seconds_of(chosen, times, factors, ranks),
              1.05 * made::bounds_of(times, factors, ranks).work_or_longest)
        << draw;
  }
}

INSTANTIATE_TEST_SUITE_P(FiveHundredTrials, ScheduleBound,
                         testing::Values(Case{"Ladder8", Made::Ladder, 8},
                                         Case{"Ladder64", Made::Ladder, 64},
                                         Case{"OneRunBounds8", Made::OneRunBounds, 8},
                                         Case{"OneRunBounds64", Made::OneRunBounds, 64},
                                         Case{"OneRunBounds1024", Made::OneRunBounds, 1024}),
                         [](const auto& of) { return std::string(of.param.name); });

// 500 runs on 1024 ranks: within 5 % of what rank-seconds allow where widths double.
TEST(ScheduleBound, OfFewerRunsThanRanksIsWhatDoublingWidthsAllow) {
  const DeviceRate rate = device_rate("cpu", "float32");
  const StudyPlan plan = made::ladder();
  const RankPlan chosen = plan_ranks(plan, {1024, 1e15}, rate);
  const made::RunTimes times(plan, 1024, rate);
  const auto bounds = made::bounds_of(times, made::factors_of(times.size(), 0, 0), 1024);
  EXPECT_LE(chosen.schedule.seconds, 1.05 * bounds.doubling);
}

}  // namespace
}  // namespace isoloss
