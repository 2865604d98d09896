#include "model/device/memory_layout.h"

#include <algorithm>

namespace isoloss {

void MemoryLayout::list(std::string_view name, std::int64_t bytes) {
  const auto known = std::find_if(buffers_.begin(), buffers_.end(),
                                  [&](const PlannedBuffer& buffer) { return buffer.name == name; });
  if (known == buffers_.end())
    buffers_.push_back({std::string(name), bytes});
  else
    known->bytes += bytes;
}

std::byte* MemoryLayout::take_bytes(std::string_view name, std::int64_t bytes) {
  constexpr std::int64_t kAlignment = 256;
  const std::int64_t size = (bytes + kAlignment - 1) / kAlignment * kAlignment;
  list(name, size);
  // A buffer that was planned is told from one that a constructor was not given.
  std::byte* const at =
      memory_ != nullptr
          ? memory_ + end_
          : reinterpret_cast<std::byte*>(static_cast<std::uintptr_t>(kAlignment + end_));
  end_ += size;
  return at;
}

void MemoryLayout::overlaid(std::string_view name,
                            std::initializer_list<std::function<void()>> parts) {
  const std::int64_t begin = end_;
  const std::vector<PlannedBuffer> listed = buffers_;
  std::int64_t end = begin;
  for (const auto& part : parts) {
    end_ = begin;
    part();
    end = std::max(end, end_);
  }
  end_ = end;
  buffers_ = listed;
  list(name, end - begin);
}

void MemoryLayout::in_turn(std::size_t parts, const std::function<void(std::size_t)>& part) {
  const std::int64_t begin = end_;
  const std::vector<PlannedBuffer> listed = buffers_;
  std::int64_t end = begin;
  std::vector<PlannedBuffer> of_largest = listed;
  for (std::size_t i = 0; i < parts; ++i) {
    end_ = begin;
    buffers_ = listed;
    part(i);
    if (end_ <= end) continue;
    end = end_;
    of_largest = buffers_;
  }
  end_ = end;
  buffers_ = of_largest;
}

}  // namespace isoloss
