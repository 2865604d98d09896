// All that joins the devices of one run's ranks, from its first step on these ranks to its last:
// the groups, and the watch that ends them where one of the ranks does not get on.
#pragma once
#include <filesystem>
#include <string>

#include "harness/devices/device_links.h"
#include "harness/devices/group_notice.h"
#include "harness/devices/group_watch.h"
#include "model/parallel/communicator.h"

namespace isoloss {

// What a run is called in errors, and where its ranks tell each other of failures.
struct WatchedRun {
  std::string id;
  std::filesystem::path folder;
};

class RunDevices {
 public:
  // Collective over `all`, the hosts of the run's ranks, of which `tensor` and `data` are groups;
  // `job_rank` is this rank's of the whole job. DeviceGroupFailed where the groups cannot be made.
  RunDevices(Communicator& all, Communicator& tensor, Communicator& data, int job_rank,
             DeviceLinks& links, const WatchedRun& run, const GroupWatchLimits& limits = {});
  // While an error leaves the run this fails it on all ranks: nobody waits for this one.
  ~RunDevices();
  RunDevices(const RunDevices&) = delete;
  RunDevices& operator=(const RunDevices&) = delete;

  const DeviceGroups& groups() const { return groups_; }
  GroupWatch& watch() { return watch_; }

 private:
  int errors_before_;  // that were leaving something when this was made
  DeviceGroups groups_;
  FileNotice notice_;
  GroupWatch watch_;
  GroupWatchThread thread_;
};

}  // namespace isoloss
