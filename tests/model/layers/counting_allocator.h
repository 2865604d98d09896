// LibTorch's allocator, counted: what reaches it from behind a model's step memory is taken from
// the system.
#pragma once
#include <c10/core/CPUAllocator.h>

#include <atomic>
#include <cstddef>

namespace isoloss {

class CountingAllocator final : public c10::Allocator {
 public:
  explicit CountingAllocator(c10::Allocator& system) : system_(system) {}
  c10::DataPtr allocate(std::size_t bytes) override {
    ++count;
    return system_.allocate(bytes);
  }
  c10::DeleterFnPtr raw_deleter() const override { return system_.raw_deleter(); }
  void copy_data(void* to, const void* from, std::size_t bytes) const override {
    default_copy_data(to, from, bytes);
  }

  std::atomic<long> count{0};

 private:
  c10::Allocator& system_;
};

// The first call puts it in place, which must come before the program's first model.
inline CountingAllocator& counting_allocator() {
  static auto* counting = [] {
    auto* made = new CountingAllocator(*c10::GetCPUAllocator());
    c10::SetCPUAllocator(made);
    return made;
  }();
  return *counting;
}

}  // namespace isoloss
