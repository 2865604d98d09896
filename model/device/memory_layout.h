// Where every buffer of a model lies in the one piece of memory that it takes from the device, and
// how many bytes each has. Laid out twice by the same code: without memory, which gives the list
// and the total, and then over memory of that size, which gives the addresses.
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace isoloss {

// Buffers of one name (one a layer, say) are one row.
struct PlannedBuffer {
  std::string name;
  std::int64_t bytes = 0;

  bool operator==(const PlannedBuffer&) const = default;
};

class MemoryLayout {
 public:
  explicit MemoryLayout(std::byte* memory = nullptr) : memory_(memory) {}

  // Room for `count` values, aligned to 256 bytes; where there is no memory, an address that is not
  // null and not to be read or written.
  template <typename T>
  T* take(std::string_view name, std::int64_t count) {
    return reinterpret_cast<T*>(take_bytes(name, count * static_cast<std::int64_t>(sizeof(T))));
  }

  // What is never wanted at the same time: each of `parts` begins at the same place. The list has
  // the largest, under `name`.
  void overlaid(std::string_view name, std::initializer_list<std::function<void()>> parts);
  // The same of part(0), part(1), ...: the list has the buffers of the largest by their own names.
  void in_turn(std::size_t parts, const std::function<void(std::size_t)>& part);

  std::int64_t bytes() const { return end_; }
  const std::vector<PlannedBuffer>& buffers() const { return buffers_; }

 private:
  std::byte* take_bytes(std::string_view name, std::int64_t bytes);
  void list(std::string_view name, std::int64_t bytes);

  std::byte* memory_;
  std::int64_t end_ = 0;
  std::vector<PlannedBuffer> buffers_;
};

}  // namespace isoloss
