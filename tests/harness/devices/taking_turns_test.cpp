// The order of a group's operations and the means beside them, from what was put.
#include "harness/devices/taking_turns.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace isoloss {
namespace {

int compute_lane = 0, means_lane = 0;
const DeviceStream kCompute{&compute_lane}, kMeans{&means_lane};

using Log = std::vector<std::string>;

std::string name_of(DeviceStream stream) { return stream == kMeans ? "means" : "compute"; }

struct LoggedOrder final : StreamOrder {
  explicit LoggedOrder(Log& to) : log(to) {}
  void after(DeviceStream later, DeviceStream earlier) override {
    log.push_back(name_of(later) + " after " + name_of(earlier));
  }
  Log& log;
};

struct LoggedGroup final : DeviceCommunicator {
  explicit LoggedGroup(Log& to) : log(to) {}
  int rank() const override { return 1; }
  int size() const override { return 4; }
  void all_reduce_sum(DeviceValues, DeviceStream on) override { put("sum", on); }
  void all_reduce_mean(DeviceValues, DeviceStream on) override { put("mean", on); }
  void all_reduce_max(DeviceValues, DeviceStream on) override { put("max", on); }
  void broadcast(DeviceValues, int, DeviceStream on) override { put("broadcast", on); }
  void reduce_parts_mean(DeviceValues, std::span<const ElementRange>, DeviceStream on) override {
    put("parts", on);
  }
  void gather_parts(DeviceValues, std::span<const ElementRange>, DeviceStream on) override {
    put("gather", on);
  }
  std::optional<std::string> failure() override { return "lost"; }
  void abort() noexcept override { log.push_back("abort"); }
  void put(const char* what, DeviceStream on) { log.push_back(what + (" on " + name_of(on))); }
  Log& log;
};

struct Turns {
  Log log;
  LoggedOrder order{log};
  LoggedGroup group{log};
  bool under_way = false;
  TakingTurns turns{group, order, kMeans, [this] { return under_way; }};

  // Every operation once.
  void put_all() {
    turns.all_reduce_sum({}, kCompute);
    turns.all_reduce_mean({}, kCompute);
    turns.all_reduce_max({}, kCompute);
    turns.broadcast({}, 0, kCompute);
    turns.reduce_parts_mean({}, {}, kCompute);
    turns.gather_parts({}, {}, kCompute);
  }
};

// Each is behind the means before it, and those that come after it are behind it.
TEST(TakingTurns, AnOperationStandsBetweenTheMeansBeforeItAndThoseAfterIt) {
  Turns of;
  of.under_way = true;
  of.put_all();
  Log expected;
  for (const char* what : {"sum", "mean", "max", "broadcast", "parts", "gather"}) {
    expected.push_back("compute after means");
    expected.push_back(what + std::string(" on compute"));
    expected.push_back("means after compute");
  }
  EXPECT_EQ(of.log, expected);
}

// Else a graph of the backward pass would wait for a stream that is no part of it.
TEST(TakingTurns, WithoutMeansUnderWayNothingWaits) {
  Turns of;
  of.put_all();
  EXPECT_EQ(of.log, (Log{"sum on compute", "mean on compute", "max on compute",
                         "broadcast on compute", "parts on compute", "gather on compute"}));
}

TEST(TakingTurns, IsTheGroupInAllElse) {
  Turns of;
  EXPECT_EQ(of.turns.rank(), 1);
  EXPECT_EQ(of.turns.size(), 4);
  EXPECT_EQ(of.turns.failure(), "lost");
  of.turns.abort();
  EXPECT_EQ(of.log, Log{"abort"});
}

}  // namespace
}  // namespace isoloss
