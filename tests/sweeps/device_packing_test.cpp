// Whether trials share devices: by arithmetic on measured steps.
#include "sweeps/device_packing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/spec/error.h"
#include "sweeps/device_runs.h"
#include "tests/sweeps/study_files.h"

namespace isoloss {
namespace {

using testing::AllOf;
using testing::Each;
using testing::HasSubstr;

constexpr double kMuch = 1e12;  // bytes

MeasuredStep seconds(double median) { return {median, 0.9 * median, 1.2 * median}; }

TEST(DevicePackings, StepsBetweenMeasurementsLieOnALine) {
  const PackedStepTimes measured = {{1, {{"k", seconds(1)}}}, {4, {{"k", seconds(1.6)}}}};
  EXPECT_EQ(packed_step(measured, "k", 1), seconds(1));
  EXPECT_EQ(packed_step(measured, "k", 4), seconds(1.6));
  EXPECT_DOUBLE_EQ(packed_step(measured, "k", 2)->seconds, 1.2);
  EXPECT_DOUBLE_EQ(packed_step(measured, "k", 3)->slowest, 1.2 * 1.4);
}

// A device that four ranks fill does not do more for eight.
TEST(DevicePackings, BeyondTheMostThatWereMeasuredNothingIsGained) {
  const PackedStepTimes measured = {{1, {{"k", seconds(1)}}}, {4, {{"k", seconds(1.6)}}}};
  EXPECT_DOUBLE_EQ(packed_step(measured, "k", 8)->seconds, 2 * 1.6);
}

TEST(DevicePackings, WhatNobodyMeasuredSideBySideGainsNothing) {
  const PackedStepTimes measured = {{1, {{"k", seconds(1)}}}, {4, {{"other", seconds(1)}}}};
  EXPECT_DOUBLE_EQ(packed_step(measured, "k", 4)->seconds, 4);
  EXPECT_EQ(packed_step(measured, "unknown", 4), std::nullopt);
}

// Of 8 GiB, of which a process takes 256 MiB at its start; half a GiB is kept for what several load
// later: 8 - 1/4, and a quarter of 8 less 3/4.
TEST(DevicePackings, OnlyRanksThatShareADeviceLeaveRoomForWhatIsLoadedLater) {
  constexpr double kGiB = 1024.0 * 1024 * 1024;
  const JobDevices devices{1, 1, 8 * kGiB, kGiB / 4};
  EXPECT_DOUBLE_EQ(ranks_on(devices, 1, 1).bytes_per_rank, 7.75 * kGiB);
  EXPECT_DOUBLE_EQ(ranks_on(devices, 4, 4).bytes_per_rank, 1.25 * kGiB);
}

// Eight equal runs of 20 steps on one device, whose steps take 1 s alone.
class DevicePackingStudy : public testing::Test {
 protected:
  StudyPlan plan_ = make_plan(study_of({{9, "  seed: [0, 1, 2, 3, 4, 5, 6, 7]"}}));
  std::string key_ = step_key(plan_.runs[0].spec);
  // Messages so dear that runs are never shared.
  DeviceRate rate_{"gpu", plan_.runs[0].flops_per_step, 1, 1, 1e9, 10.0};
  double run_bytes_ = memory_per_rank(plan_.runs[0].spec, {1, 1});
  double shared_bytes_ = run_bytes_ + kLoadedLaterBytes;  // of a rank that others are beside

  PackedStepTimes steps(double two, double four, double eight) const {
    return {{1, {{key_, seconds(1)}}},
            {2, {{key_, seconds(two)}}},
            {4, {{key_, seconds(four)}}},
            {8, {{key_, seconds(eight)}}}};
  }
};

// 160 s one after the other; 80, 40 and 30 s where 2, 4 and 8 steps take 1, 1 and 1.5 s together.
TEST_F(DevicePackingStudy, SmallRunsShareADevice) {
  const DevicePacking chosen = choose_packing(plan_, {1, 1, kMuch}, steps(1, 1, 1.5), rate_);
  EXPECT_EQ(chosen.ranks_per_device, 8);
  EXPECT_DOUBLE_EQ(chosen.plan.schedule.seconds, 30);
  EXPECT_EQ(chosen.reason,
            "8 ranks a device: the study takes 30 s so by prediction, 2.7 min with 1, 80 s with 2 "
            "and 40 s with 4");
}

// Steps that take each other's time: 160 s however they are packed.
TEST_F(DevicePackingStudy, LargeRunsHaveADeviceEach) {
  const DevicePacking chosen = choose_packing(plan_, {1, 1, kMuch}, steps(2, 4, 8), rate_);
  EXPECT_EQ(chosen.ranks_per_device, 1);
  EXPECT_DOUBLE_EQ(chosen.plan.schedule.seconds, 160);
}

// The break-even: eight together take longer than two rounds of four.
TEST_F(DevicePackingStudy, TheNumberThatEndsEarliestIsTaken) {
  const DevicePacking chosen = choose_packing(plan_, {1, 1, kMuch}, steps(1, 1.2, 2.6), rate_);
  EXPECT_EQ(chosen.ranks_per_device, 4);
  EXPECT_DOUBLE_EQ(chosen.plan.schedule.seconds, 48);
}

// Of two that end together the one that shares less; 40.4 s are within a fiftieth of 40.
TEST_F(DevicePackingStudy, FewerShareWhereMoreGainNothing) {
  EXPECT_EQ(choose_packing(plan_, {1, 1, kMuch}, steps(1, 1.01, 2), rate_).ranks_per_device, 4);
}

// On eight devices every run has one of its own.
TEST_F(DevicePackingStudy, EnoughDevicesAreNotShared) {
  const DevicePacking chosen = choose_packing(plan_, {8, 8, kMuch}, steps(1, 1, 1.5), rate_);
  EXPECT_EQ(chosen.ranks_per_device, 1);
  EXPECT_DOUBLE_EQ(chosen.plan.schedule.seconds, 20);
}

TEST_F(DevicePackingStudy, OnlyAsManyShareAsMemoryHolds) {
  const double bytes = 4.5 * shared_bytes_;
  const DevicePacking chosen = choose_packing(plan_, {1, 1, bytes}, steps(1, 1, 1.5), rate_);
  EXPECT_EQ(chosen.ranks_per_device, 4);
  EXPECT_THAT(chosen.reason, HasSubstr("8 would not do: run " + plan_.runs[0].id));
}

// What each process takes for itself leaves room for two where there was for four.
TEST_F(DevicePackingStudy, AProcessTakesMemoryBeforeItsFirstTensor) {
  const double bytes = 4.5 * shared_bytes_;
  EXPECT_EQ(choose_packing(plan_, {1, 1, bytes, shared_bytes_ / 2}, steps(1, 1, 1.5), rate_)
                .ranks_per_device,
            2);
}

// What `run` says of a study whose ranks share devices so: laid out as it would train it, by a rate
// that is not the probe's.
std::string refusal(const StudyPlan& plan, const JobDevices& devices, int ranks_per_device) {
  const PlanRanks ranks = ranks_on(devices, devices.devices * ranks_per_device, ranks_per_device);
  const RankPlan chosen = plan_ranks(plan, ranks, device_rate("cpu", "float32"));
  try {
    check_packing(plan, chosen.layouts, devices, ranks_per_device);
  } catch (const InputError& problem) {
    return problem.what();
  }
  return "";
}

TEST_F(DevicePackingStudy, AskingForMoreThanMemoryHoldsSaysHowMany) {
  const JobDevices devices{1, 1, 4.5 * shared_bytes_, 0};
  EXPECT_EQ(refusal(plan_, devices, 4), "");
  EXPECT_THAT(refusal(plan_, devices, 8),
              AllOf(HasSubstr("run " + plan_.runs[0].id + " does not fit beside others"),
                    HasSubstr("; let at most 4 share one")));
}

// One that has the device alone leaves nothing for what is loaded later.
TEST_F(DevicePackingStudy, WhereOneFitsAloneOneMayTrain) {
  const JobDevices devices{1, 1, 1.5 * run_bytes_, 0};
  EXPECT_EQ(refusal(plan_, devices, 1), "");
  EXPECT_THAT(refusal(plan_, devices, 2), HasSubstr("; let at most 1 share one"));
  EXPECT_THAT(refusal(plan_, {1, 1, 0.5 * run_bytes_, 0}, 2), HasSubstr("; set run.accumulate"));
}

TEST_F(DevicePackingStudy, AskingForRunsSharedByMoreRanksThanDevicesIsRefused) {
  const StudyPlan shared = make_plan(study_of({{10, "run: {data_parallel: 2}"}}));
  EXPECT_EQ(refusal(shared, {2, 2, kMuch, 0}, 1), "");
  EXPECT_EQ(refusal(shared, {2, 2, kMuch, 0}, 2), "");
  EXPECT_THAT(refusal(shared, {1, 1, kMuch, 0}, 2),
              HasSubstr("run.data_parallel: 2 ranks are to share each run"));
}

// On two devices, of whose memory a rank's half holds no run: two ranks, one on each, share it. So
// it is planned, and so `run` takes it.
TEST_F(DevicePackingStudy, WhatIsChosenIsWhatRunTakes) {
  const Study study =
      study_of({{9, "  seed: [0, 1, 2, 3, 4, 5, 6, 7]"}, {10, "run: {device: cuda}"}});
  const StudyPlan plan = plan_on_devices(study, make_plan(study));
  const RunSpec& spec = plan.runs[0].spec;
  const double alone = memory_per_rank(spec, {1, 1}), shared = memory_per_rank(spec, {1, 2});
  ASSERT_LT(shared, alone);
  const JobDevices devices{2, 2, alone + shared + 2 * kLoadedLaterBytes, 0};
  const std::string key = step_key(spec);
  const DeviceRate free_messages{"gpu", plan.runs[0].flops_per_step, 1, 1, 1e15};
  const DevicePacking chosen = choose_packing(
      plan, devices, {{1, {{key, seconds(1)}}}, {2, {{key, seconds(1)}}}, {4, {{key, seconds(1)}}}},
      free_messages);
  EXPECT_EQ(chosen.ranks_per_device, 2) << chosen.reason;
  EXPECT_THAT(chosen.plan.layouts, Each(RankLayout{1, 2}));
  EXPECT_EQ(refusal(plan, devices, 2), "");
  // Four ranks a device are too many for both.
  EXPECT_THAT(chosen.reason, HasSubstr("4 would not do: run"));
  EXPECT_THAT(refusal(plan, devices, 4), HasSubstr("; let at most 1 share one"));
}

TEST_F(DevicePackingStudy, DevicesThatMakeNoWholeBlocksAreRefusedAsRunDoes) {
  const StudyPlan shared = make_plan(study_of({{10, "run: {data_parallel: 2}"}}));
  EXPECT_THROW(choose_packing(shared, {3, 3, kMuch}, {}, rate_), InputError);
}

// Ranks that share a device cannot train one run together (NCCL refuses): of the four ranks on two
// devices at most two share a run, however cheap that were.
TEST_F(DevicePackingStudy, NoRunIsSharedByRanksOfOneDevice) {
  const StudyPlan few = make_plan(study_of({}));
  const std::string key = step_key(few.runs[0].spec);
  const DevicePacking chosen =
      choose_packing(few, {2, 2, kMuch}, {{1, {{key, seconds(1)}}}, {8, {{key, seconds(1)}}}},
                     {"gpu", few.runs[0].flops_per_step, 1, 1});
  for (const RunRanks& ranks : chosen.plan.runs) EXPECT_LE(ranks.planned, 2);
}

// A study that asks for four ranks a run on machines of two devices has one rank on each.
TEST_F(DevicePackingStudy, RunsThatNeedMoreDevicesThanAMachineHasAreNotPacked) {
  const StudyPlan wide = make_plan(study_of({{10, "run: {data_parallel: 4}"}}));
  const DevicePacking chosen = choose_packing(wide, {4, 2, kMuch}, {}, rate_);
  EXPECT_EQ(chosen.ranks_per_device, 1);
  EXPECT_THAT(chosen.reason, HasSubstr("4 ranks are to share each run (they need a device each"));
}

}  // namespace
}  // namespace isoloss
