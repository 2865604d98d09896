#include "harness/devices/run_devices.h"

#include <fmt/format.h>

#include <exception>

namespace isoloss {
namespace {

// The first rank removes what earlier attempts left, before there is a mark of this one.
DeviceGroups fresh_groups(Communicator& all, Communicator& tensor, Communicator& data,
                          DeviceLinks& links, const WatchedRun& run) {
  if (all.rank() == 0) forget_notices(run.folder);
  return {all, tensor, data, links, run.id};
}

}  // namespace

RunDevices::RunDevices(Communicator& all, Communicator& tensor, Communicator& data, int job_rank,
                       DeviceLinks& links, const WatchedRun& run, const GroupWatchLimits& limits)
    : errors_before_(std::uncaught_exceptions()),
      groups_(fresh_groups(all, tensor, data, links, run)),
      notice_(run.folder, groups_.mark()),
      watch_(fmt::format("rank {} ({} of {} that train run {})", job_rank, all.rank(), all.size(),
                         run.id),
             {groups_.tensor(), groups_.data(), groups_.all()}, notice_, limits.longest_step),
      thread_(watch_, limits.look_every) {}

RunDevices::~RunDevices() {
  if (std::uncaught_exceptions() > errors_before_) watch_.fail("an error ended its part");
}

}  // namespace isoloss
