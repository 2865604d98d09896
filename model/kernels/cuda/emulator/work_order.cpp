#include "model/kernels/cuda/emulator/work_order.h"

#include <algorithm>

namespace isoloss {

std::size_t WorkOrder::put(StreamNumber stream, bool mark) {
  const std::size_t piece = pieces_.size();
  StreamClock& before = next_[stream];
  before[stream] = piece;
  pieces_.push_back({stream, mark, before});
  return piece;
}

void WorkOrder::wait(StreamNumber stream, std::size_t piece) {
  join(next_[stream], pieces_[piece].before);
}

bool WorkOrder::waits(std::size_t later, std::size_t earlier) const {
  const auto known = pieces_[later].before.find(pieces_[earlier].on);
  return later != earlier && known != pieces_[later].before.end() && known->second >= earlier;
}

bool WorkOrder::joined(StreamNumber to, StreamNumber from) const {
  const auto after = next_.find(to), of = next_.find(from);
  if (of == next_.end()) return true;
  return after != next_.end() && std::ranges::all_of(of->second, [&](const auto& last) {
           const auto known = after->second.find(last.first);
           return known != after->second.end() && known->second >= last.second;
         });
}

}  // namespace isoloss
