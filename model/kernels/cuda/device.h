// A GPU as the rest sees it: memory, streams, events, graphs, and launches of kernels. CUDA's
// (device.cpp) or, with ISOLOSS_EMULATED, the emulator's (emulator/device.cpp), where memory is the
// host's and a stream does its work at once, or as late as it may (emulator/late_device.h). One
// thread at a time may use an object. What the device refuses throws WorkError that names the call,
// DeviceMemoryFull where memory is what it lacks; failures inside asynchronous work surface at the
// next call that waits.
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <stdexcept>
#include <vector>

#if defined(ISOLOSS_EMULATED) || defined(__CUDACC__)
#include "model/kernels/cuda/simt.h"
#endif

struct CUstream_st;

namespace isoloss {

// There is not as much memory as was asked for. The device is well, and what takes less goes on.
struct DeviceMemoryFull : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Memory of the device, not initialised, freed with the object; aligned to 256 bytes.
class DeviceMemory {
 public:
  DeviceMemory() = default;
  explicit DeviceMemory(std::size_t bytes);
  std::byte* data() const { return static_cast<std::byte*>(data_.get()); }
  std::size_t size() const { return size_; }

 private:
  std::shared_ptr<void> data_;
  std::size_t size_ = 0;
};

// An array of it. Copies share the memory.
template <typename T>
class DeviceArray {
 public:
  DeviceArray() = default;
  explicit DeviceArray(std::int64_t size)
      : memory_(static_cast<std::size_t>(size) * sizeof(T)), size_(size) {}
  T* data() const { return reinterpret_cast<T*>(memory_.data()); }
  std::int64_t size() const { return size_; }

 private:
  DeviceMemory memory_;
  std::int64_t size_ = 0;
};

class Event;

// Work of one stream happens in the order in which it was put there.
class Stream {
 public:
  Stream();
  ~Stream();
  Stream(Stream&&) noexcept;
  Stream& operator=(Stream&&) noexcept;

  void zero(void* device, std::size_t bytes);
  void copy(void* to, const void* from, std::size_t bytes);  // within the device
  // The host's memory must stay until the stream has come there; asynchronous if it is pinned.
  void copy_to_device(void* device, const void* host, std::size_t bytes);
  void copy_to_host(void* host, const void* device, std::size_t bytes);
  // What is put here from now on waits for what `event` marks.
  void wait(const Event& event);
  void synchronize();  // returns when all is done

#ifdef ISOLOSS_EMULATED
  // Does `work`, or keeps it while a graph is captured.
  void put(std::function<void()> work);
#else
  CUstream_st* native() const;  // a cudaStream_t
#endif

 private:
  friend class Event;
  friend class Graph;
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// A place in a stream's work.
class Event {
 public:
  Event();
  ~Event();
  Event(Event&&) noexcept;
  Event& operator=(Event&&) noexcept;
  void record(Stream& stream);
  bool done() const;         // whether the stream has come there
  void synchronize() const;  // returns when it has
  // Milliseconds between two places that were passed.
  static double milliseconds(const Event& from, const Event& to);

 private:
  friend class Stream;
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// A stream's work, put there once and done many times. Memory that it names outlives it.
class Graph {
 public:
  // `work` puts work on `stream` (and on streams that it made wait for it, and that `stream` waits
  // for again) and may neither wait on the host nor allocate.
  static Graph capture(Stream& stream, const std::function<void()>& work);
  ~Graph();
  Graph(Graph&&) noexcept;
  Graph& operator=(Graph&&) noexcept;
  void launch(Stream& stream);

 private:
  Graph();
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Of the host, pinned: copies to and from it run beside other work.
class PinnedMemory {
 public:
  explicit PinnedMemory(std::size_t bytes);
  std::byte* data() const { return static_cast<std::byte*>(data_.get()); }
  std::size_t size() const { return size_; }

 private:
  std::shared_ptr<void> data_;
  std::size_t size_ = 0;
};

// How many devices this process sees; 0 where there is no driver. WorkError where there is one that
// is too old for this program, or that cannot say.
int device_count();
// Makes `index` the device of this thread; threads of this process that wait for it sleep.
void use_device(int index);

// Copies that wait, for tests and for what happens rarely.
template <typename T>
DeviceArray<T> to_device(std::span<const T> values) {
  DeviceArray<T> array(static_cast<std::int64_t>(values.size()));
  Stream stream;
  stream.copy_to_device(array.data(), values.data(), values.size_bytes());
  stream.synchronize();
  return array;
}
template <typename T>
std::vector<T> to_host(const DeviceArray<T>& array) {
  std::vector<T> values(static_cast<std::size_t>(array.size()));
  Stream stream;
  stream.copy_to_host(values.data(), array.data(), values.size() * sizeof(T));
  stream.synchronize();
  return values;
}

// The blocks of a kernel and the threads of each, by axis, and dynamic shared memory.
struct LaunchShape {
  unsigned grid_x = 1, grid_y = 1, grid_z = 1;
  unsigned threads = 1;  // a multiple of 32
  std::size_t shared_bytes = 0;
};

namespace detail {
// Of a kernel's launch that CUDA refused, with a cudaError_t; `shared_bytes` of dynamic memory.
[[noreturn]] void cannot_launch(int error, const void* kernel, std::size_t shared_bytes);
}  // namespace detail

// Puts kernel(arguments...) on the stream, nothing where there are no blocks. DeviceMemoryFull
// where no memory is left to load the kernel; what is no WorkError where it wants more shared
// memory than a block of the device has, which is well for other kernels.
template <typename... Parameters, typename... Arguments>
void launch(Stream& stream, const LaunchShape& shape, void (*kernel)(Parameters...),
            Arguments... arguments) {
  if (shape.grid_x == 0 || shape.grid_y == 0 || shape.grid_z == 0) return;  // CUDA refuses them
#ifdef ISOLOSS_EMULATED
  stream.put([=] {
    simt::run_grid({shape.grid_x, shape.grid_y, shape.grid_z}, {shape.threads, 1, 1},
                   shape.shared_bytes, [&] { kernel(arguments...); });
  });
#elif defined(__CUDACC__)
  if (shape.shared_bytes > 48 * 1024)
    if (const cudaError_t error =
            cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize,
                                 static_cast<int>(shape.shared_bytes));
        error != cudaSuccess)
      detail::cannot_launch(error, reinterpret_cast<const void*>(kernel), shape.shared_bytes);
  cudaLaunchConfig_t config{};
  config.gridDim = dim3(shape.grid_x, shape.grid_y, shape.grid_z);
  config.blockDim = dim3(shape.threads);
  config.dynamicSmemBytes = shape.shared_bytes;
  config.stream = stream.native();
  if (const cudaError_t error = cudaLaunchKernelEx(&config, kernel, arguments...);
      error != cudaSuccess)
    detail::cannot_launch(error, reinterpret_cast<const void*>(kernel), shape.shared_bytes);
#endif
}

}  // namespace isoloss
