#include <cstdlib>
#include <cstring>
#include <memory>

#include "model/kernels/cuda/device.h"
#include "model/kernels/cuda/emulator/capture.h"
#include "model/kernels/cuda/emulator/memory_uses.h"
#include "model/kernels/cuda/memory_ledger.h"
#include "model/spec/error.h"

namespace isoloss {
namespace {

// At once; sanitizers end a program that asks the host for more than it could ever have.
constexpr std::size_t kMostBytes = std::size_t{1} << 38;

struct Free {
  void operator()(void* memory) const { std::free(memory); }
};

// Bytes that read as NaN, so that what nobody wrote shows.
std::unique_ptr<void, Free> host_memory(std::size_t bytes) {
  const std::size_t size = (bytes + 255) / 256 * 256;
  void* memory = size > kMostBytes ? nullptr : std::aligned_alloc(256, size == 0 ? 256 : size);
  if (memory == nullptr) throw DeviceMemoryFull("the emulated device has too little memory");
  std::memset(memory, 0xff, size);
  return std::unique_ptr<void, Free>(memory);
}

void note_freed() {
  if (Capture* const capture = current_capture()) capture->forbid("memory of the device is freed");
}

}  // namespace

std::shared_ptr<MemoryLedger> device_ledger() {
  thread_local const auto ledger = std::make_shared<MemoryLedger>();
  return ledger;
}

DeviceMemory::DeviceMemory(std::size_t bytes) : size_(bytes) {
  expect_no_capture("device memory is allocated");
  // It may be freed on another thread: it is this one's until then.
  auto memory = host_memory(bytes);
  device_ledger()->take(bytes);
  watch_memory(memory.get(), bytes);
  data_ = {memory.release(), [bytes, ledger = device_ledger()](void* held) {
             note_freed();
             forget_memory(held);
             std::free(held);
             ledger->give_back(bytes);
           }};
}
PinnedMemory::PinnedMemory(std::size_t bytes) : size_(bytes) {
  expect_no_capture("pinned memory is allocated");
  auto memory = host_memory(bytes);
  watch_memory(memory.get(), bytes);
  data_ = {memory.release(), [](void* held) {
             note_freed();
             forget_memory(held);
             std::free(held);
           }};
}

}  // namespace isoloss
