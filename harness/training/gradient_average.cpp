#include "harness/training/gradient_average.h"

#include <utility>

namespace isoloss {
namespace {

std::size_t size_of(const GradientAverage::Buffer& buffer) {
  return std::visit([](const auto& values) { return values.size(); }, buffer);
}

}  // namespace

GradientAverage::GradientAverage(Communicator& data, Buffer gradients, std::size_t bucket_elements)
    : data_(data),
      gradients_(gradients),
      bucket_elements_(bucket_elements),
      posted_from_(size_of(gradients)) {
  if (data_.size() > 1) thread_ = std::thread([this] { work(); });
}

GradientAverage::~GradientAverage() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard guard(lock_);
    ends_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void GradientAverage::ready(std::int64_t offset) {
  if (!thread_.joinable()) return;
  // Whole buckets, wherever the model's announcements fall: buckets depend on the buffer alone.
  while (posted_from_ >= static_cast<std::size_t>(offset) + bucket_elements_)
    post(posted_from_ - bucket_elements_);
}

void GradientAverage::finish() {
  if (!thread_.joinable()) return;
  ready(0);
  if (posted_from_ > 0) post(0);
  std::unique_lock guard(lock_);
  changed_.wait(guard, [this] { return ranges_.empty() && !busy_; });
  posted_from_ = size_of(gradients_);
  if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
}

void GradientAverage::post(std::size_t first) {
  {
    const std::lock_guard guard(lock_);
    ranges_.push({first, posted_from_ - first});
  }
  posted_from_ = first;
  changed_.notify_all();
}

void GradientAverage::work() {
  std::unique_lock guard(lock_);
  while (true) {
    changed_.wait(guard, [this] { return ends_ || !ranges_.empty(); });
    if (ranges_.empty()) return;
    const Range range = ranges_.front();
    ranges_.pop();
    busy_ = true;
    guard.unlock();
    try {
      if (!failure_) reduce(range);
    } catch (...) {
      failure_ = std::current_exception();
    }
    guard.lock();
    busy_ = false;
    changed_.notify_all();
  }
}

void GradientAverage::reduce(Range range) {
  std::visit(
      [&]<typename Real>(std::span<Real> gradients) {
        const auto part = gradients.subspan(range.first, range.count);
        data_.all_reduce_sum(part);
        const Real share = Real{1} / static_cast<Real>(data_.size());
        for (Real& gradient : part) gradient *= share;
      },
      gradients_);
}

}  // namespace isoloss
