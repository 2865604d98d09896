#include "harness/training_order.h"

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace isoloss {
namespace {

// run (-1: none), whether it resumes, last step, milliseconds between checkpoints, number of stops.
using Head = std::array<std::int64_t, 5>;

}  // namespace

void give_order(const std::optional<TrainingOrder>& order, Communicator& block) {
  Head head = {-1, 0, 0, 0, 0};
  std::vector<std::int64_t> stops;
  if (order) {
    for (const EvaluationStop& stop : order->segment.stops) stops.push_back(stop.step);
    head = {static_cast<std::int64_t>(order->run), order->resumes ? 1 : 0, order->segment.to,
            order->segment.checkpoint_every.count(), static_cast<std::int64_t>(stops.size())};
  }
  block.broadcast(std::as_writable_bytes(std::span(head)), 0);
  block.broadcast(std::as_writable_bytes(std::span(stops)), 0);
}

std::optional<TrainingOrder> take_order(Communicator& block) {
  Head head{};
  block.broadcast(std::as_writable_bytes(std::span(head)), 0);
  std::vector<std::int64_t> steps(static_cast<std::size_t>(head[4]));
  block.broadcast(std::as_writable_bytes(std::span(steps)), 0);
  if (head[0] < 0) return std::nullopt;
  TrainingOrder order{static_cast<std::size_t>(head[0]), head[1] != 0, {head[2], {}}};
  order.segment.checkpoint_every = std::chrono::milliseconds(head[3]);
  for (const std::int64_t step : steps) order.segment.stops.push_back({.step = step});
  return order;
}

}  // namespace isoloss
