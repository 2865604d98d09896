#include "model/kernels/cuda/memory_ledger.h"

#include <algorithm>

namespace isoloss {

void MemoryLedger::take(std::size_t bytes) {
  const std::lock_guard guard(lock_);
  held_ += bytes;
  most_ = std::max(most_, held_);
}

void MemoryLedger::give_back(std::size_t bytes) {
  const std::lock_guard guard(lock_);
  held_ -= bytes;
}

std::size_t MemoryLedger::held() const {
  const std::lock_guard guard(lock_);
  return held_;
}

std::size_t MemoryLedger::most() const {
  const std::lock_guard guard(lock_);
  return most_;
}

void MemoryLedger::forget_most() {
  const std::lock_guard guard(lock_);
  most_ = held_;
}

}  // namespace isoloss
