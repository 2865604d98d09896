// Where a rank of a job trains that trains on devices, and whether a job does.
#pragma once
#include <optional>
#include <stdexcept>

#include "harness/training/training_devices.h"
#include "model/parallel/communicator.h"
#include "sweeps/device_rate.h"
#include "sweeps/layout.h"
#include "sweeps/plan.h"
#include "sweeps/study.h"

namespace isoloss {

struct RankDevice {
  TrainingDevices& devices;
  TrainingDevice own;
};

// The run is predicted to take more of a rank's device than there is.
struct DeviceTooSmall : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// DeviceTooSmall, with what to do, where ranks that train the run as `layout` says have not the
// memory that it is predicted to take, their share of a device or the whole of one each: the same on
// all of them, before anything of it is taken.
void check_device_memory(const RunSpec& spec, const RankLayout& layout,
                         const TrainingDevice& device);

// Whether `run.device: auto` means devices: this program trains on them, every rank sees one, and
// there are kernels for every run of the plan. The first rank tells standard error why not where
// kernels alone are missing, or the study says how many ranks share a device. Collective over the
// job.
bool devices_serve(const Study& study, const StudyPlan& plan, TrainingDevices* devices,
                   Communicator& job);

// What others measured on devices of that name (sweeps/device_rate.h), in bfloat16; absent where
// nobody did.
std::optional<DeviceRate> rate_of(const TrainingDevice& device);
// The same, an A100's for a device that nobody measured: who shares a run depends on the share of
// exchanges in a step alone.
DeviceRate rate_for_planning(const TrainingDevice& device);

}  // namespace isoloss
