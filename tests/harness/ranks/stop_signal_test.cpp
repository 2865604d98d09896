#include "harness/ranks/stop_signal.h"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/harness/tiny_study.h"

namespace isoloss {
namespace {

using tiny_study::Place;

TEST(StopCondition, AStopFileIsSeenAndNotForgotten) {
  const Place place;
  const auto file = place.root / "stop";
  const auto stop = stop_condition(file, std::nullopt);
  EXPECT_FALSE(stop());
  std::ofstream{file};
  for (int wait = 0; wait < 3000 && !stop(); ++wait) ::usleep(10'000);
  EXPECT_TRUE(stop());
  std::filesystem::remove(file);
  EXPECT_TRUE(stop()) << "some ranks would stop and others go on";
}

TEST(StopCondition, AFileThatIsThereAlreadyStopsAtOnce) {
  const Place place;
  std::ofstream{place.root / "stop"};
  EXPECT_TRUE(stop_condition(place.root / "stop", std::nullopt)());
}

TEST(StopCondition, ATimeThatIsOverStops) {
  const Place place;
  EXPECT_FALSE(stop_condition(place.root / "stop", 1e9)());
  const auto stop = stop_condition(place.root / "stop", 1e-3);
  ::usleep(2000);
  EXPECT_TRUE(stop());
}

}  // namespace
}  // namespace isoloss
