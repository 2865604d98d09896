// The devices that the ranks of a job train on, as the loop that trains knows them: where a rank
// works, and states that train there. Their leaf is CUDA's (harness/on_device/cuda_devices.h), in
// tests the emulator's; a program that was built without has none.
#pragma once
#include <memory>
#include <string>

#include "harness/devices/run_devices.h"
#include "harness/ranks/rank_groups.h"
#include "harness/training/training_state.h"
#include "model/parallel/communicator.h"
#include "sweeps/device_packing.h"
#include "sweeps/run_spec.h"

namespace isoloss {

// What a rank's place is.
struct TrainingDevice {
  std::string name;  // as its maker prints it
  JobDevices job;    // of which it is one
  int ranks = 1;     // that share one of them, at most
};

class TrainingDevices {
 public:
  virtual ~TrainingDevices() = default;

  // Whether this process sees one.
  virtual bool any() = 0;
  // This rank's device, on which this thread works from now on and which at most so many ranks
  // share; collective over the job, at its start. InputError, the same on every rank, where one
  // sees none or ranks outnumber devices so many times.
  virtual TrainingDevice take_place(Communicator& job, const std::string& machine,
                                    int most_per_device) = 0;
  // Initial weights of the spec's seed on this rank's device; collective over `ranks`, of which one
  // tensor rank makes a group. DeviceGroupFailed where the ranks' devices cannot be joined.
  // WorkError, here and in steps: the device fails, with which the run has nothing to do. Any other
  // error but InputError concerns this run alone, memory that is too small for one.
  virtual std::unique_ptr<TrainingState> state(const RunSpec& spec, RankGroups ranks,
                                               const WatchedRun& run) = 0;
};

}  // namespace isoloss
