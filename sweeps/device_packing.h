// How many ranks share a device: small models leave most of a GPU idle, and trials side by side,
// each a process of its own, use it better, until they take each other's time or memory. Decided
// from steps that were measured alone and side by side on one device; what nobody measured side by
// side is taken to gain nothing.
#pragma once
#include <map>
#include <optional>
#include <span>
#include <string>

#include "sweeps/device_rate.h"
#include "sweeps/plan.h"
#include "sweeps/run_ranks.h"

namespace isoloss {

// What each of several processes that share a device is left beside tensors once it trains: kernels
// and cuBLASLt's, which CUDA loads when they are first launched, graphs, NCCL's buffers. What is
// free when it has begun does not show that yet. One that is alone is held to the whole device. An
// assumption; nobody measured it.
inline constexpr double kLoadedLaterBytes = 512.0 * 1024 * 1024;

// The devices of a job, all alike.
struct JobDevices {
  int devices = 1;
  int apart = 1;             // neighbouring ranks that are sure to be on different ones
  double bytes = 0;          // of memory, of each
  double process_bytes = 0;  // of it that a process takes at its start
};

// Steps by how many ranks took them at once on one device.
using PackedStepTimes = std::map<int, StepTimes>;

// Of a kind of steps (step_key) while `ranks` ranks share a device: measured, else on the straight
// line between the two numbers of ranks measured around it, else, beyond the most that were
// measured, in proportion to the ranks, as on a device that is full. Absent where the kind was not
// measured with one rank.
std::optional<MeasuredStep> packed_step(const PackedStepTimes& measured, const std::string& key,
                                        int ranks);

// For whom a study is planned on `ranks` ranks of which so many share a device: each has its part
// of the memory, and no run is shared by more of them than are on different devices.
PlanRanks ranks_on(const JobDevices& devices, int ranks, int ranks_per_device);

struct DevicePacking {
  int ranks_per_device = 1;
  PlanRanks ranks;     // devices x ranks_per_device of them
  RankPlan plan;       // of these
  std::string reason;  // one sentence
  DeviceRate rate;     // of a rank that shares a device so
};

// Of 1, 2, 4, ... `most` ranks a device that hold every run, the number by which the study ends
// earliest by prediction; of those within a fiftieth of it the least. More than one only where no
// run is shared by more ranks than are sure to be on different devices, as NCCL wants them
// (harness/devices/placement.h). `rate` is of one rank alone; its steps are not
// asked. InputError where the devices do not make whole blocks of what the study asks for.
DevicePacking choose_packing(const StudyPlan& plan, const JobDevices& devices,
                             const PackedStepTimes& measured, const DeviceRate& rate, int most = 8);

// InputError where ranks that share devices, so many each, cannot train the runs as `layouts`,
// those of plan_ranks for ranks_on(), lay them out: it names a run that they do not hold, and how
// many would, or says that the study asks for runs that more ranks share than a machine has
// devices. One rank a device may always be planned.
void check_packing(const StudyPlan& plan, std::span<const RankLayout> layouts,
                   const JobDevices& devices, int ranks_per_device);

}  // namespace isoloss
