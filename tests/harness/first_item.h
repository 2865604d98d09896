// Trains the first piece of work of a study, as a rank of `isoloss run` does.
#pragma once
#include <filesystem>
#include <functional>
#include <optional>

#include "harness/files/run_storage.h"
#include "harness/ranks/self_communicator.h"
#include "harness/study/run_executor.h"
#include "harness/study/study_setup.h"

namespace isoloss {

// Until `stop` says yes; on the processor where `devices` is null.
inline TrainingOutcome train_first_item(const std::filesystem::path& study_file,
                                        const std::filesystem::path& root,
                                        const std::function<bool()>& stop,
                                        TrainingDevices* devices = nullptr,
                                        const StallLimits& stall = {}) {
  const Study study = read_study(study_file);
  const StudyPlan plan = make_plan(study);
  const StudyFolder folder{root};
  prepare_study_folder(folder, study);
  StudyReader reader(folder);
  const WorkItem item = ready_work(plan, reader.progress(plan), reader.decisions()).at(0);
  SelfCommunicator alone;
  std::optional<RankDevice> device;
  if (devices != nullptr)
    device.emplace(RankDevice{*devices, devices->take_place(alone, "here", 1)});
  RunExecutor executor(folder, study.name, 0, stall, device ? &*device : nullptr);
  RankReporter reporter(folder, 0);
  const auto claim = Claim::take(folder.claim(item.id), 0);
  return executor.execute(alone, {}, plan.runs[item.run], item, next_attempt(folder, item.id),
                          *claim, reporter, stop);
}

}  // namespace isoloss
