// Which answers of CUDA mean that there is no device, and which that something is to be mended.
#include "model/kernels/cuda/driver_problem.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace isoloss {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Optional;

constexpr int kSystemNotReady = 802;  // driver_types.h: NVSwitches whose fabric manager is not up

TEST(DriverProblem, NoDriverAndNoDeviceAreNone) {
  EXPECT_EQ(driver_problem(kInsufficientDriver, "too old", 0, 13000), std::nullopt);
  EXPECT_EQ(driver_problem(kNoDevice, "no device", 13000, 13000), std::nullopt);
}

TEST(DriverProblem, ADriverThatIsTooOldIsNamedWithBothVersions) {
  EXPECT_THAT(driver_problem(kInsufficientDriver, "too old", 12040, 13010),
              Optional(AllOf(HasSubstr("12.4,"), HasSubstr("13.1)"), HasSubstr("update"))));
}

TEST(DriverProblem, AnyOtherErrorHasCudasWords) {
  EXPECT_THAT(driver_problem(kSystemNotReady, "system not yet initialized", 13000, 13000),
              Optional(HasSubstr("(system not yet initialized)")));
}

}  // namespace
}  // namespace isoloss
