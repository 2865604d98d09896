// Working memory of kernels, on boundaries of cache lines.
#pragma once
#include <cstddef>
#include <new>
#include <vector>

namespace isoloss {

template <typename Value>
struct CacheAligned {
  using value_type = Value;
  CacheAligned() = default;
  template <typename Other>
  explicit CacheAligned(const CacheAligned<Other>&) {}
  Value* allocate(std::size_t n) {
    return static_cast<Value*>(::operator new (n * sizeof(Value), std::align_val_t{64}));
  }
  void deallocate(Value* p, std::size_t) { ::operator delete (p, std::align_val_t{64}); }
  bool operator==(const CacheAligned&) const = default;
};

template <typename Value>
using Buffer = std::vector<Value, CacheAligned<Value>>;

}  // namespace isoloss
