#include "model/kernels/cuda/emulator/work_order.h"

#include <algorithm>

namespace isoloss {

void WorkOrder::join(Before& to, const Before& from) {
  for (const auto& [stream, piece] : from) {
    const auto known = to.emplace(stream, piece).first;
    known->second = std::max(known->second, piece);
  }
}

std::size_t WorkOrder::put(const void* stream, bool mark) {
  const std::size_t piece = pieces_.size();
  Before& before = next_[stream];
  before[stream] = piece;
  pieces_.push_back({stream, mark, before});
  return piece;
}

void WorkOrder::wait(const void* stream, std::size_t piece) {
  join(next_[stream], pieces_[piece].before);
}

bool WorkOrder::waits(std::size_t later, std::size_t earlier) const {
  const auto known = pieces_[later].before.find(pieces_[earlier].on);
  return later != earlier && known != pieces_[later].before.end() && known->second >= earlier;
}

bool WorkOrder::joined(const void* to, const void* from) const {
  const auto after = next_.find(to), of = next_.find(from);
  if (of == next_.end()) return true;
  return after != next_.end() && std::ranges::all_of(of->second, [&](const auto& last) {
           const auto known = after->second.find(last.first);
           return known != after->second.end() && known->second >= last.second;
         });
}

}  // namespace isoloss
