// The emulator's view of a running block: what simt.h's operations do where there is no GPU. Each
// thread of a block is a fiber; blocks run one after the other. Wrong synchronisation shows: a
// thread that waits where its warp or block does not come ends the launch with an error, copies
// into shared memory arrive as late as they may, threads can run in ascending or descending order,
// which must not change any result, and a launch in which threads race ends with an error, where
// accesses are noted (accesses.h, launch_races.h).
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

#define __global__
#define __device__
#define __host__
#define __forceinline__ inline
#define __launch_bounds__(...)
#define __shared__ static thread_local
#define __align__(bytes) __attribute__((aligned(bytes)))
#define threadIdx (::isoloss::simt::coordinates().thread)
#define blockIdx (::isoloss::simt::coordinates().block)
#define blockDim (::isoloss::simt::coordinates().block_size)
#define gridDim (::isoloss::simt::coordinates().grid)

namespace isoloss::simt {

struct Bf16;

struct Index3 {
  unsigned x = 0, y = 0, z = 0;
};
struct Coordinates {
  Index3 thread, block, block_size, grid;
};
Coordinates& coordinates();  // of the fiber that runs

class Block {
 public:
  virtual ~Block() = default;
  virtual void sync_block() = 0;
  virtual void sync_warp() = 0;
  virtual std::byte* dynamic_shared() = 0;
  virtual void copy_16(void* shared, const void* global) = 0;
  virtual void commit_copies() = 0;
  virtual void wait_copies(int groups) = 0;

  template <typename T>
  T shuffle(T x, int lane) {
    static_assert(sizeof(T) <= 8);
    T result;
    exchange(&x, &result, sizeof(T), lane);
    return result;
  }
  void multiply_add(float (&d)[4], const std::uint32_t (&a)[4], const std::uint32_t (&b)[2]);
  void load_blocks(std::uint32_t (&r)[4], const Bf16* row, bool transposed);

 protected:
  // Every lane of the warp gives `size` bytes and gets those of `lane`; collective over the warp.
  virtual void exchange(const void* mine, void* theirs, std::size_t size, int lane) = 0;
  // Without the order of memory that a sync brings.
  virtual void meet_warp() = 0;
  // This thread's lane, 32 slots that its warp shares.
  static constexpr std::size_t kLaneSlot = 64;  // bytes
  virtual int lane() const = 0;
  virtual std::byte* warp_slots() = 0;
};
Block& current_block();

enum class Order { Ascending, Descending };
// In which order the threads of a block take turns, for launches of this thread from now on.
void set_order(Order order);

// Runs thread() once for each thread of each block. Throws what a thread throws, and
// std::logic_error where no GPU could do it, or threads wait for each other in vain or race.
void run_grid(Index3 grid, Index3 block, std::size_t shared_bytes,
              const std::function<void()>& thread);

}  // namespace isoloss::simt
