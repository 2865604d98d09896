#include "harness/training/training_order.h"

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace isoloss {
namespace {

// Which order; of a training order run, tensor and data ranks, whether it resumes, last step,
// milliseconds between checkpoints, number of stops, number of a failed attempt.
using Head = std::array<std::int64_t, 9>;

}  // namespace

void give_order(const BlockOrder& order, Communicator& block) {
  Head head = {static_cast<std::int64_t>(order.index())};
  std::vector<std::int64_t> stops;
  if (const auto* training = std::get_if<TrainingOrder>(&order)) {
    const auto& [run, layout, resumes, segment, attempt] = *training;
    for (const EvaluationStop& stop : segment.stops) stops.push_back(stop.step);
    head = {0,
            static_cast<std::int64_t>(run),
            layout.tensor,
            layout.data,
            resumes ? 1 : 0,
            segment.to,
            segment.checkpoint_every.count(),
            static_cast<std::int64_t>(stops.size()),
            attempt};
  }
  block.broadcast(std::as_writable_bytes(std::span(head)), 0);
  block.broadcast(std::as_writable_bytes(std::span(stops)), 0);
}

BlockOrder take_order(Communicator& block) {
  Head head{};
  block.broadcast(std::as_writable_bytes(std::span(head)), 0);
  const auto [kind, run, tensor, data, resumes, to, checkpoint_every, count, attempt] = head;
  std::vector<std::int64_t> steps(static_cast<std::size_t>(count));
  block.broadcast(std::as_writable_bytes(std::span(steps)), 0);
  if (kind == 1) return SplitOrder{};
  if (kind == 2) return LeaveOrder{};
  TrainingOrder order{static_cast<std::size_t>(run),
                      {static_cast<int>(tensor), static_cast<int>(data)},
                      resumes != 0,
                      {to, {}},
                      static_cast<int>(attempt)};
  order.segment.checkpoint_every = std::chrono::milliseconds(checkpoint_every);
  for (const std::int64_t step : steps) order.segment.stops.push_back({.step = step});
  return order;
}

}  // namespace isoloss
