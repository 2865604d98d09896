#include "analysis/savings/slope_and_floor_tests.h"

#include <fmt/format.h>

#include <cmath>

namespace isoloss {
namespace {

constexpr double kRejected = 0.05;

SavingsTest test_of(double p, double bootstrap_p) {
  if (std::isfinite(bootstrap_p)) return SavingsTest::FromDraws;
  return std::isfinite(p) ? SavingsTest::F : SavingsTest::None;
}

}  // namespace

SavingsTest slope_test(const ParallelSavings& parallel) {
  return test_of(parallel.slope_equality_p, parallel.slope_equality_bootstrap_p);
}

SavingsTest floor_test(const FloorTest& floors) { return test_of(floors.p, floors.bootstrap_p); }

bool slopes_differ(const ParallelSavings& parallel) {
  const bool drawn = slope_test(parallel) == SavingsTest::FromDraws;
  return (drawn ? parallel.slope_equality_bootstrap_p : parallel.slope_equality_p) < kRejected;
}

std::string slope_tests_text(const ParallelSavings& parallel) {
  std::string out;
  const auto add = [&](const char* test, double p) {
    if (!std::isfinite(p)) return;
    out += fmt::format("{}p = {:.2g} by {} ({})", out.empty() ? "" : ", ", p, test,
                       p < kRejected ? "rejected" : "not rejected");
  };
  add("paired draws", parallel.slope_equality_bootstrap_p);
  add("the F test", parallel.slope_equality_p);
  return out;
}

bool floors_differ(const Savings& savings) {
  if (!savings.floors) return false;
  const FloorTest& test = *savings.floors;
  return (floor_test(test) == SavingsTest::FromDraws ? test.bootstrap_p : test.p) < kRejected;
}

}  // namespace isoloss
