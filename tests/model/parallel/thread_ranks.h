// Ranks as threads of one process, for tests of what several ranks compute together.
#pragma once
#include <algorithm>
#include <barrier>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <thread>
#include <utility>
#include <vector>

#include "model/parallel/communicator.h"

namespace isoloss::testing_ranks {

// What the ranks of one group share: a place to lay their data out and a barrier.
struct Meeting {
  explicit Meeting(int count) : size(count), parts(static_cast<std::size_t>(count)), gate(count) {}
  int size;
  std::vector<std::span<const std::byte>> parts;
  std::barrier<> gate;
  std::mutex lock;
  std::map<std::vector<int>, std::shared_ptr<Meeting>> groups;
};

class ThreadCommunicator final : public Communicator {
 public:
  ThreadCommunicator(std::shared_ptr<Meeting> meeting, int rank)
      : meeting_(std::move(meeting)), rank_(rank) {}

  int rank() const override { return rank_; }
  int size() const override { return meeting_->size; }
  void barrier() override { meeting_->gate.arrive_and_wait(); }

  void broadcast(std::span<std::byte> bytes, int root) override {
    const auto parts = show(bytes);
    if (rank_ != root) std::ranges::copy(parts[static_cast<std::size_t>(root)], bytes.begin());
    barrier();
  }
  void all_gather(std::span<const std::byte> mine, std::span<std::byte> all) override {
    for (std::size_t r = 0; const auto part : show(mine))
      std::ranges::copy(part, all.subspan(mine.size() * r++).begin());
    barrier();
  }
  void all_reduce_sum(std::span<float> values) override { sum(values); }
  void all_reduce_sum(std::span<double> values) override { sum(values); }
  void all_reduce_max(std::span<float> values) override { max(values); }
  void all_reduce_max(std::span<double> values) override { max(values); }

  std::unique_ptr<Communicator> group(std::span<const int> members) override {
    const std::vector<int> key(members.begin(), members.end());
    const auto place = std::ranges::find(key, rank_) - key.begin();
    const std::lock_guard guard(meeting_->lock);
    auto& meeting = meeting_->groups[key];
    if (!meeting) meeting = std::make_shared<Meeting>(static_cast<int>(key.size()));
    return std::make_unique<ThreadCommunicator>(meeting, static_cast<int>(place));
  }

 private:
  std::vector<std::span<const std::byte>>& show(std::span<const std::byte> mine) {
    meeting_->parts[static_cast<std::size_t>(rank_)] = mine;
    barrier();
    return meeting_->parts;
  }

  template <typename Real, typename Join>
  void reduce(std::span<Real> values, Join join) {
    std::vector<Real> result;
    for (const auto part : show(std::as_bytes(values))) {
      const std::span theirs(reinterpret_cast<const Real*>(part.data()), values.size());
      if (result.empty()) {
        result.assign(theirs.begin(), theirs.end());
      } else {
        std::ranges::transform(result, theirs, result.begin(), join);
      }
    }
    barrier();
    std::ranges::copy(result, values.begin());
    barrier();
  }
  template <typename Real>
  void sum(std::span<Real> values) {
    reduce(values, [](Real a, Real b) { return a + b; });
  }
  template <typename Real>
  void max(std::span<Real> values) {
    reduce(values, [](Real a, Real b) { return std::max(a, b); });
  }

  std::shared_ptr<Meeting> meeting_;
  int rank_;
};

// Runs work(rank's communicator) on `count` threads and waits for them; what one throws while the
// others wait for it would hang, so such an error ends the process.
inline void on_ranks(int count, const std::function<void(Communicator&)>& work) {
  const auto meeting = std::make_shared<Meeting>(count);
  std::vector<std::jthread> threads;
  for (int rank = 0; rank < count; ++rank) {
    threads.emplace_back([&work, meeting, rank]() noexcept {
      ThreadCommunicator communicator(meeting, rank);
      work(communicator);
    });
  }
}

}  // namespace isoloss::testing_ranks
