// Averages gradients over the data ranks while the backward pass still runs: whatever is final is
// gathered into buckets, from the buffer's end to its beginning, and a thread of its own reduces
// them one by one. Buckets and the order of sums are fixed, so the bits are too. With one rank
// there is no thread and nothing to do.
#pragma once
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <mutex>
#include <queue>
#include <span>
#include <thread>
#include <variant>

#include "model/parallel/communicator.h"

namespace isoloss {

class GradientAverage {
 public:
  using Buffer = std::variant<std::span<float>, std::span<double>>;
  // Large enough that a message's start does not count, small enough to begin early.
  static constexpr std::size_t kBucketElements = std::size_t{1} << 20;

  // Nobody else uses `data` between the first ready() of a step and the end of finish().
  GradientAverage(Communicator& data, Buffer gradients,
                  std::size_t bucket_elements = kBucketElements);
  ~GradientAverage();
  GradientAverage(const GradientAverage&) = delete;
  GradientAverage& operator=(const GradientAverage&) = delete;

  // Elements from `offset` on are final (LanguageModel's gradients_ready).
  void ready(std::int64_t offset);
  // All elements are final; returns when all are averages. Throws what a reduction threw.
  void finish();

 private:
  struct Range {
    std::size_t first, count;
  };
  void post(std::size_t first);
  void work();
  void reduce(Range range);

  Communicator& data_;
  Buffer gradients_;
  std::size_t bucket_elements_;
  std::size_t posted_from_;  // elements from here on are with the thread
  std::mutex lock_;
  std::condition_variable changed_;
  std::queue<Range> ranges_;
  bool busy_ = false;
  bool ends_ = false;
  std::exception_ptr failure_;
  std::thread thread_;
};

}  // namespace isoloss
