#include "model/layers/step_memory.h"

#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>
#include <c10/core/alignment.h>

#include <cstddef>
#include <mutex>
#include <new>
#include <unordered_map>
#include <utility>
#include <vector>

namespace isoloss {
namespace {

// Stands in front of every block that the allocator hands out, in a step or not: LibTorch may free
// a block by its address alone (raw_deallocate), so an address must tell whose it is.
struct alignas(c10::gAlignment) BlockHeader {
  std::shared_ptr<StepMemory::Store> store;  // null: of no step
  std::size_t bytes;                         // without the header
  c10::DataPtr taken;                        // from the allocator behind
};

void* content(BlockHeader* block) { return block + 1; }
BlockHeader* header(void* data) { return static_cast<BlockHeader*>(data) - 1; }

void give_to_system(BlockHeader* block) {
  const c10::DataPtr taken = std::move(block->taken);
  block->~BlockHeader();
}

}  // namespace

// What is free, by size. A free block still refers to its store, so that handing it out costs no
// count; close() ends that circle.
class StepMemory::Store : public std::enable_shared_from_this<StepMemory::Store> {
 public:
  BlockHeader* take(std::size_t bytes) {
    const std::lock_guard lock(mutex_);
    std::vector<BlockHeader*>& free = free_[bytes];
    if (free.empty()) return nullptr;
    BlockHeader* block = free.back();
    free.pop_back();
    return block;
  }

  // False between steps: the block is the system's.
  bool put_back(BlockHeader* block) {
    const std::lock_guard lock(mutex_);
    if (steps_ > 0) free_[block->bytes].push_back(block);
    return steps_ > 0;
  }

  void begin_step() {
    const std::lock_guard lock(mutex_);
    ++steps_;
  }
  void end_step() {
    const std::lock_guard lock(mutex_);
    --steps_;
  }

  void close() {
    std::unordered_map<std::size_t, std::vector<BlockHeader*>> free;
    {
      const std::lock_guard lock(mutex_);
      free.swap(free_);
    }
    for (const auto& [bytes, blocks] : free)
      for (BlockHeader* block : blocks) give_to_system(block);
  }

 private:
  std::mutex mutex_;
  int steps_ = 0;  // that use it now
  std::unordered_map<std::size_t, std::vector<BlockHeader*>> free_;
};

namespace {

thread_local StepMemory::Store* store_in_use = nullptr;

void drop(void* data) {
  if (data == nullptr) return;
  BlockHeader* block = header(data);
  const std::shared_ptr<StepMemory::Store>& store = block->store;
  if (!store || !store->put_back(block)) give_to_system(block);
}

class StepAllocator final : public c10::Allocator {
 public:
  explicit StepAllocator(c10::Allocator& behind) : behind_(behind) {}

  c10::DataPtr allocate(std::size_t bytes) override {
    if (bytes == 0) return {nullptr, nullptr, &drop, c10::Device(c10::DeviceType::CPU)};
    BlockHeader* block = nullptr;
    if (store_in_use == nullptr) {
      block = fresh(bytes, {});
    } else {
      const std::size_t whole = (bytes + c10::gAlignment - 1) / c10::gAlignment * c10::gAlignment;
      block = store_in_use->take(whole);
      if (block == nullptr) block = fresh(whole, store_in_use->shared_from_this());
    }
    void* data = content(block);
    return {data, data, &drop, c10::Device(c10::DeviceType::CPU)};
  }

  c10::DeleterFnPtr raw_deleter() const override { return &drop; }

  void copy_data(void* to, const void* from, std::size_t bytes) const override {
    default_copy_data(to, from, bytes);
  }

 private:
  BlockHeader* fresh(std::size_t bytes, std::shared_ptr<StepMemory::Store> store) {
    c10::DataPtr taken = behind_.allocate(sizeof(BlockHeader) + bytes);
    void* place = taken.get();
    return new (place) BlockHeader{std::move(store), bytes, std::move(taken)};
  }

  c10::Allocator& behind_;
};

void put_allocator_in_front() {
  static std::once_flag done;
  // Tensors refer to it until the process ends.
  std::call_once(done, [] { c10::SetCPUAllocator(new StepAllocator(*c10::GetCPUAllocator())); });
}

}  // namespace

StepMemory::StepMemory() : store_(std::make_shared<Store>()) { put_allocator_in_front(); }
StepMemory::~StepMemory() {
  if (store_) store_->close();
}
StepMemory::StepMemory(StepMemory&&) noexcept = default;

StepMemory::Use::Use(const StepMemory& memory)
    : mine_(memory.store_.get()), outer_(std::exchange(store_in_use, mine_)) {
  mine_->begin_step();
}
StepMemory::Use::~Use() {
  mine_->end_step();
  store_in_use = outer_;
}

}  // namespace isoloss
