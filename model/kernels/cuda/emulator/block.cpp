#include "model/kernels/cuda/emulator/block.h"

#include <algorithm>
#include <boost/context/fiber.hpp>
#include <boost/context/fixedsize_stack.hpp>
#include <boost/context/pooled_fixedsize_stack.hpp>
#include <cstring>
#include <deque>
#include <exception>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "model/kernels/cuda/emulator/accesses.h"
#include "model/kernels/cuda/emulator/launch_races.h"
#include "model/kernels/cuda/emulator/memory_uses.h"
#include "model/kernels/cuda/emulator/thread_memory.h"
#include "model/kernels/cuda/simt.h"

namespace isoloss::simt {
namespace {

constexpr std::size_t kStack = 128 * 1024;
// What every GPU that kernels are compiled for has at most, of shared memory what the largest has
// (CUDA C++ Programming Guide, "Technical Specifications per Compute Capability").
constexpr unsigned kMostBlocks = 2147483647, kMostBlocksAcross = 65535, kMostThreads = 1024;
constexpr std::size_t kMostShared = 227 * 1024;

enum class State { Ready, AtBlock, AtWarp, Done };

struct Copy {
  void* to;
  const void* from;
  const void* code;
  std::byte bytes[16];
};

struct Thread {
  boost::context::fiber resume, back;
  State state = State::Ready;
  Coordinates at;
  LaunchRaces::Turn turn;
  MemoryRange stack;
  std::vector<Copy> open;              // not yet committed
  std::deque<std::vector<Copy>> sent;  // groups on their way
};

class FiberBlock;
thread_local FiberBlock* running = nullptr;
thread_local MemoryRange stack;  // of the fiber that runs
thread_local Coordinates here;
thread_local Order order = Order::Ascending;

class FiberBlock final : public Block {
 public:
  FiberBlock(Index3 grid, Index3 index, Index3 size, std::span<std::byte> shared,
             LaunchRaces& races)
      : threads_(std::size_t{size.x} * size.y * size.z),
        slots_((threads_.size() + 31) / 32 * 32 * kLaneSlot),
        shared_(shared),
        variables_(thread_memory()),
        races_(races) {
    const unsigned block = (index.z * grid.y + index.y) * grid.x + index.x;
    std::uint16_t i = 0;
    for (unsigned z = 0; z < size.z; ++z)
      for (unsigned y = 0; y < size.y; ++y)
        for (unsigned x = 0; x < size.x; ++x, ++i) {
          threads_[i].at = {{x, y, z}, index, size, grid};
          threads_[i].turn = {.block = block, .warp_syncs = 0, .block_syncs = 0, .thread = i};
        }
  }

  ~FiberBlock() override { running = nullptr; }

  void run(boost::context::pooled_fixedsize_stack& stacks, const std::function<void()>& thread) {
    running = this;
    races_.begin_block();
    for (std::size_t i = 0; i < threads_.size(); ++i) {
      Thread& mine = threads_[i];
      mine.resume = boost::context::fiber(std::allocator_arg, stacks,
                                          [this, &mine, &thread](boost::context::fiber&& back) {
                                            mine.back = std::move(back);
                                            mine.stack = stack = stack_of_caller();
                                            try {
                                              thread();
                                            } catch (const boost::context::detail::forced_unwind&) {
                                              throw;  // the block is given up
                                            } catch (...) {
                                              if (!failure_) failure_ = std::current_exception();
                                            }
                                            mine.state = State::Done;
                                            return std::move(mine.back);
                                          });
    }
    while (turn()) {
    }
    if (failure_) std::rethrow_exception(failure_);
  }

  void sync_block() override {
    wait(State::AtBlock);
    ++self().turn.block_syncs;
    note_copies();
  }
  void sync_warp() override {
    meet_warp();
    ++self().turn.warp_syncs;
    note_copies();
  }
  std::byte* dynamic_shared() override { return shared_.data(); }

  void copy_16(void* shared, const void* global) override {
    Copy copy{shared, global, __builtin_return_address(0), {}};
    std::memcpy(copy.bytes, global, sizeof copy.bytes);
    note(copy);
    self().open.push_back(copy);
  }
  void commit_copies() override {
    self().sent.push_back(std::move(self().open));
    self().open.clear();
  }
  void wait_copies(int groups) override {
    auto& sent = self().sent;
    for (; sent.size() > static_cast<std::size_t>(groups); sent.pop_front())
      for (const Copy& copy : sent.front()) {
        std::memcpy(copy.to, copy.bytes, sizeof copy.bytes);
        note(copy);
      }
  }

  void note(const LaunchRaces::Access& access) {
    if (!noted_) return;
    const auto* const memory = static_cast<const std::byte*>(access.memory);
    const bool dynamic = memory >= shared_.data() && memory < shared_.data() + shared_.size();
    races_.note(self().turn, access, dynamic || variables_.has(memory));
  }

 protected:
  void exchange(const void* mine, void* theirs, std::size_t size, int from) override {
    std::byte* slots = warp_slots();
    std::memcpy(slots + static_cast<std::size_t>(lane()) * kLaneSlot, mine, size);
    meet_warp();
    std::memcpy(theirs, slots + static_cast<std::size_t>(from) * kLaneSlot, size);
    meet_warp();
  }
  void meet_warp() override { wait(State::AtWarp); }
  int lane() const override { return static_cast<int>(current_ % 32); }
  std::byte* warp_slots() override { return slots_.data() + current_ / 32 * 32 * kLaneSlot; }

 private:
  Thread& self() { return threads_[current_]; }

  // What the caller calls lies below its frame, and who called it is not noted.
  static MemoryRange stack_of_caller() {
    const auto top = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
    return {top - kStack, top + 64};
  }
  void note_copies() {
    for (const Copy& copy : self().open) note(copy);
    for (const auto& group : self().sent)
      for (const Copy& copy : group) note(copy);
  }
  // From when it is asked for until it is waited for, it may happen at any time: between any two
  // syncs.
  void note(const Copy& copy) {
    note({copy.from, sizeof copy.bytes, false, copy.code});
    note({copy.to, sizeof copy.bytes, true, copy.code});
  }

  void wait(State state) {
    Thread& mine = self();
    mine.state = state;
    mine.back = std::move(mine.back).resume();
  }

  // Every thread that can go on does so once; false when all are done.
  bool turn() {
    bool moved = false;
    for (std::size_t n = 0; n < threads_.size(); ++n) {
      const std::size_t i = order == Order::Ascending ? n : threads_.size() - 1 - n;
      if (threads_[i].state != State::Ready) continue;
      moved = true;
      current_ = i;
      here = threads_[i].at;
      stack = threads_[i].stack;
      threads_[i].resume = std::move(threads_[i].resume).resume();
      if (failure_) std::rethrow_exception(failure_);
    }
    moved = release_warps() || moved;
    moved = release_block() || moved;
    std::size_t done = 0;
    for (const Thread& thread : threads_) done += thread.state == State::Done;
    if (done == threads_.size()) return false;
    if (!moved)
      throw std::logic_error("threads of block (" + std::to_string(threads_[0].at.block.x) + ", " +
                             std::to_string(threads_[0].at.block.y) +
                             ") wait for others that do not come (some wait for their warp or "
                             "block, others for the other one, or have ended)");
    return true;
  }

  bool release(std::size_t first, std::size_t last, State state, bool ended_count) {
    for (std::size_t i = first; i < last; ++i)
      if (threads_[i].state != state && !(ended_count && threads_[i].state == State::Done))
        return false;
    bool any = false;
    for (std::size_t i = first; i < last; ++i)
      if (threads_[i].state == state) threads_[i].state = State::Ready, any = true;
    return any;
  }
  // All 32 lanes must come to a warp operation; of a block, those that have not ended.
  bool release_warps() {
    bool any = false;
    for (std::size_t first = 0; first < threads_.size(); first += 32)
      any = release(first, std::min(first + 32, threads_.size()), State::AtWarp, false) || any;
    return any;
  }
  bool release_block() { return release(0, threads_.size(), State::AtBlock, true); }

  std::vector<Thread> threads_;
  std::vector<std::byte> slots_;
  std::span<std::byte> shared_;
  MemoryRange variables_;
  LaunchRaces& races_;
  const bool noted_ = uses_are_noted();
  std::size_t current_ = 0;
  std::exception_ptr failure_;
};

}  // namespace

Coordinates& coordinates() { return here; }
Block& current_block() { return *running; }
void set_order(Order wanted) { order = wanted; }
void note_access(const void* memory, std::size_t bytes, bool writes, const void* code) {
  // Not what is a thread's own, nor what its launch hands to it.
  if (running == nullptr || stack.has(memory) || memory == &here) return;
  running->note({memory, bytes, writes, code});
}

void run_grid(Index3 grid, Index3 size, std::size_t shared_bytes,
              const std::function<void()>& thread) {
  const unsigned threads = size.x * size.y * size.z;
  // A GPU counts a kernel's static shared memory too, which cannot be asked for here.
  if (grid.x > kMostBlocks || std::max(grid.y, grid.z) > kMostBlocksAcross || threads == 0 ||
      threads > kMostThreads || shared_bytes > kMostShared)
    throw std::logic_error("a kernel is launched as no GPU can (" + std::to_string(grid.x) + " x " +
                           std::to_string(grid.y) + " x " + std::to_string(grid.z) + " blocks of " +
                           std::to_string(threads) + " threads and " +
                           std::to_string(shared_bytes) + " bytes)");
  // 128-byte alignment, and fresh contents that no kernel may count on.
  std::vector<std::byte> memory(shared_bytes + 128);
  std::byte* shared = memory.data() + 128 - reinterpret_cast<std::uintptr_t>(memory.data()) % 128;
  // Kept from launch to launch: to take stacks from the system and give them back takes longer than
  // most kernels, far longer under a sanitizer.
  thread_local boost::context::pooled_fixedsize_stack stacks(kStack);
  thread_local LaunchRaces races;
  races.begin_launch();
  for (unsigned z = 0; z < grid.z; ++z)
    for (unsigned y = 0; y < grid.y; ++y)
      for (unsigned x = 0; x < grid.x; ++x) {
        std::memset(memory.data(), 0xff, memory.size());  // NaN in float32 and bfloat16
        FiberBlock(grid, {x, y, z}, size, {shared, shared_bytes}, races).run(stacks, thread);
      }
  if (races.found()) throw std::logic_error(*races.found());
  races.for_each_stretch(note_use);
}

}  // namespace isoloss::simt
