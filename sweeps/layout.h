// How ranks train a run together: `tensor` of them share its model, `data` groups of those share
// its batch. The numbers do not depend on it; memory and time do.
#pragma once
#include <optional>

#include "sweeps/device_rate.h"
#include "sweeps/plan.h"
#include "sweeps/predicted.h"

namespace isoloss {

struct RankLayout {
  int tensor = 1;
  int data = 1;

  int ranks() const { return tensor * data; }
  bool operator==(const RankLayout&) const = default;
};

// Bytes on each rank of a run that is trained so, predicted: of its process
// (model/cost/memory.h), or of its device (model/cost/device_memory.h).
double memory_per_rank(const RunSpec& spec, const RankLayout& layout);
// The same between the shares of it that processes were measured to hold (docs/reliability.md).
Predicted predicted_memory(const RunSpec& spec, const RankLayout& layout);

// Of one step of it, predicted (model/cost/step_time.h).
double step_seconds(const RunSpec& spec, const RankLayout& layout, const DeviceRate& rate);

// What the study asks for in all its runs, 1 where it leaves it open: no run has fewer ranks.
RankLayout asked_layout(const StudyPlan& plan);

// Of the layouts of `ranks` ranks that have what the run asks for, divide its heads, widths and
// batch and take at most `bytes_per_rank`, the fastest by prediction; absent where there is none.
std::optional<RankLayout> layout_on(const RunSpec& spec, int ranks, double bytes_per_rank,
                                    const DeviceRate& rate);

// Bytes of memory of this machine.
double machine_memory();

}  // namespace isoloss
