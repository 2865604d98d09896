#include "harness/devices/taking_turns.h"

#include <utility>

namespace isoloss {

TakingTurns::TakingTurns(DeviceCommunicator& group, StreamOrder& order, DeviceStream means,
                         std::function<bool()> under_way)
    : group_(group), order_(order), means_(means), under_way_(std::move(under_way)) {}

// Behind the means before it, and the means after it behind it.
template <typename Operation>
void TakingTurns::in_turn(DeviceStream on, const Operation& put) {
  const bool beside_means = under_way_();
  if (beside_means) order_.after(on, means_);
  put();
  if (beside_means) order_.after(means_, on);
}

void TakingTurns::all_reduce_sum(DeviceValues values, DeviceStream on) {
  in_turn(on, [&] { group_.all_reduce_sum(values, on); });
}

void TakingTurns::all_reduce_mean(DeviceValues values, DeviceStream on) {
  in_turn(on, [&] { group_.all_reduce_mean(values, on); });
}

void TakingTurns::all_reduce_max(DeviceValues values, DeviceStream on) {
  in_turn(on, [&] { group_.all_reduce_max(values, on); });
}

void TakingTurns::broadcast(DeviceValues values, int root, DeviceStream on) {
  in_turn(on, [&] { group_.broadcast(values, root, on); });
}

void TakingTurns::reduce_parts_mean(DeviceValues values, std::span<const ElementRange> parts,
                                    DeviceStream on) {
  in_turn(on, [&] { group_.reduce_parts_mean(values, parts, on); });
}

void TakingTurns::gather_parts(DeviceValues values, std::span<const ElementRange> parts,
                               DeviceStream on) {
  in_turn(on, [&] { group_.gather_parts(values, parts, on); });
}

}  // namespace isoloss
