// How much of a device's memory is taken: of DeviceMemory, and of what products work in. What CUDA
// and its libraries take for themselves is not in it.
#pragma once
#include <cstddef>
#include <memory>
#include <mutex>

namespace isoloss {

class MemoryLedger {
 public:
  void take(std::size_t bytes);
  void give_back(std::size_t bytes);
  std::size_t held() const;
  // The most at any time since forget_most(), or at all.
  std::size_t most() const;
  void forget_most();

 private:
  mutable std::mutex lock_;
  std::size_t held_ = 0, most_ = 0;
};

// What this process has of its device, in the emulator what this thread has of its own.
std::shared_ptr<MemoryLedger> device_ledger();

}  // namespace isoloss
