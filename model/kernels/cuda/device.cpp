#include "model/kernels/cuda/device.h"

#include <cuda_runtime.h>

#include <stdexcept>
#include <string>

#include "model/kernels/cuda/driver_problem.h"
#include "model/kernels/cuda/memory_ledger.h"
#include "model/spec/error.h"

namespace isoloss {
namespace {

void check(cudaError_t error, const char* call) {
  if (error == cudaSuccess) return;
  const std::string what = std::string(call) + " failed (" + cudaGetErrorString(error) + ")";
  if (error != cudaErrorMemoryAllocation) throw WorkError(what);
  cudaGetLastError();  // or a library that goes on takes it for its own
  throw DeviceMemoryFull(what);
}

}  // namespace

struct Stream::Impl {
  cudaStream_t stream = nullptr;
  ~Impl() { cudaStreamDestroy(stream); }
};
struct Event::Impl {
  cudaEvent_t event = nullptr;
  ~Impl() { cudaEventDestroy(event); }
};
struct Graph::Impl {
  cudaGraphExec_t graph = nullptr;
  ~Impl() {
    if (graph != nullptr) cudaGraphExecDestroy(graph);
  }
};

// CUDA's bound is of dynamic and static shared memory together (CUDA Runtime API,
// cudaFuncAttributeMaxDynamicSharedMemorySize).
void detail::cannot_launch(int error, const void* kernel, std::size_t shared_bytes) {
  cudaFuncAttributes of_kernel{};
  if (cudaFuncGetAttributes(&of_kernel, kernel) == cudaSuccess)
    shared_bytes += of_kernel.sharedSizeBytes;
  int device = 0, most = 0;
  if (cudaGetDevice(&device) == cudaSuccess &&
      cudaDeviceGetAttribute(&most, cudaDevAttrMaxSharedMemoryPerBlockOptin, device) ==
          cudaSuccess &&
      shared_bytes > static_cast<std::size_t>(most)) {
    cudaGetLastError();  // it is told here
    throw std::runtime_error("a kernel wants " + std::to_string(shared_bytes) +
                             " bytes of shared memory (a block of this GPU has " +
                             std::to_string(most) +
                             "); train this model on another kind of GPU, or on the processor");
  }
  check(static_cast<cudaError_t>(error), "a kernel's launch");
  throw WorkError("a kernel could not be launched");
}

std::shared_ptr<MemoryLedger> device_ledger() {
  static const auto ledger = std::make_shared<MemoryLedger>();
  return ledger;
}

DeviceMemory::DeviceMemory(std::size_t bytes) : size_(bytes) {
  void* memory = nullptr;
  check(cudaMalloc(&memory, bytes == 0 ? 256 : bytes), "cudaMalloc");
  device_ledger()->take(bytes);
  data_ = {memory, [bytes, ledger = device_ledger()](void* held) {
             cudaFree(held);
             ledger->give_back(bytes);
           }};
}
PinnedMemory::PinnedMemory(std::size_t bytes) : size_(bytes) {
  void* memory = nullptr;
  check(cudaMallocHost(&memory, bytes == 0 ? 256 : bytes), "cudaMallocHost");
  data_ = {memory, [](void* held) { cudaFreeHost(held); }};
}

Stream::Stream() : impl_(std::make_unique<Impl>()) {
  check(cudaStreamCreateWithFlags(&impl_->stream, cudaStreamNonBlocking), "cudaStreamCreate");
}
Stream::~Stream() = default;
Stream::Stream(Stream&&) noexcept = default;
Stream& Stream::operator=(Stream&&) noexcept = default;
cudaStream_t Stream::native() const { return impl_->stream; }
// Nothing to copy is no work: there may be no memory then, which CUDA need not accept.
void Stream::zero(void* device, std::size_t bytes) {
  if (bytes == 0) return;
  check(cudaMemsetAsync(device, 0, bytes, native()), "cudaMemsetAsync");
}
void Stream::copy(void* to, const void* from, std::size_t bytes) {
  if (bytes == 0) return;
  check(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToDevice, native()), "cudaMemcpyAsync");
}
void Stream::copy_to_device(void* device, const void* host, std::size_t bytes) {
  if (bytes == 0) return;
  check(cudaMemcpyAsync(device, host, bytes, cudaMemcpyHostToDevice, native()), "cudaMemcpyAsync");
}
void Stream::copy_to_host(void* host, const void* device, std::size_t bytes) {
  if (bytes == 0) return;
  check(cudaMemcpyAsync(host, device, bytes, cudaMemcpyDeviceToHost, native()), "cudaMemcpyAsync");
}
void Stream::wait(const Event& event) {
  check(cudaStreamWaitEvent(native(), event.impl_->event), "cudaStreamWaitEvent");
}
void Stream::synchronize() { check(cudaStreamSynchronize(native()), "cudaStreamSynchronize"); }

// Whoever waits sleeps: a rank may have one processor, which others need meanwhile (use_device).
Event::Event() : impl_(std::make_unique<Impl>()) {
  check(cudaEventCreateWithFlags(&impl_->event, cudaEventBlockingSync), "cudaEventCreate");
}
Event::~Event() = default;
Event::Event(Event&&) noexcept = default;
Event& Event::operator=(Event&&) noexcept = default;
void Event::record(Stream& stream) {
  check(cudaEventRecord(impl_->event, stream.native()), "cudaEventRecord");
}
bool Event::done() const {
  const cudaError_t error = cudaEventQuery(impl_->event);
  if (error == cudaErrorNotReady) return false;
  check(error, "cudaEventQuery");
  return true;
}
void Event::synchronize() const {
  check(cudaEventSynchronize(impl_->event), "cudaEventSynchronize");
}
double Event::milliseconds(const Event& from, const Event& to) {
  float milliseconds = 0;
  check(cudaEventElapsedTime(&milliseconds, from.impl_->event, to.impl_->event),
        "cudaEventElapsedTime");
  return milliseconds;
}

Graph::Graph() : impl_(std::make_unique<Impl>()) {}
Graph::~Graph() = default;
Graph::Graph(Graph&&) noexcept = default;
Graph& Graph::operator=(Graph&&) noexcept = default;
Graph Graph::capture(Stream& stream, const std::function<void()>& work) {
  check(cudaStreamBeginCapture(stream.native(), cudaStreamCaptureModeThreadLocal),
        "cudaStreamBeginCapture");
  cudaGraph_t recorded = nullptr;
  try {
    work();
  } catch (...) {
    cudaStreamEndCapture(stream.native(), &recorded);
    if (recorded != nullptr) cudaGraphDestroy(recorded);
    throw;
  }
  check(cudaStreamEndCapture(stream.native(), &recorded), "cudaStreamEndCapture");
  Graph graph;
  const cudaError_t error = cudaGraphInstantiate(&graph.impl_->graph, recorded, 0);
  cudaGraphDestroy(recorded);
  check(error, "cudaGraphInstantiate");
  return graph;
}
void Graph::launch(Stream& stream) {
  check(cudaGraphLaunch(impl_->graph, stream.native()), "cudaGraphLaunch");
}

static_assert(kInsufficientDriver == cudaErrorInsufficientDriver && kNoDevice == cudaErrorNoDevice);

int device_count() {
  int count = 0;
  const cudaError_t error = cudaGetDeviceCount(&count);
  if (error == cudaSuccess) return count;
  cudaGetLastError();  // it is told here
  int driver = 0, runtime = 0;
  cudaDriverGetVersion(&driver);
  cudaRuntimeGetVersion(&runtime);
  if (const auto problem = driver_problem(error, cudaGetErrorString(error), driver, runtime))
    throw WorkError(*problem);
  return 0;
}

// A thread that waits for the device sleeps meanwhile. By default it spins where the machine has
// more processors than the process has devices, on a processor that may be the rank's only one and
// that NCCL's thread, writers of checkpoints and the watch need. The flags are those of the current
// device, and may be set again once it is initialized (CUDA Runtime API, section "Initialization"),
// which cudaSetDevice does.
void use_device(int index) {
  check(cudaSetDevice(index), "cudaSetDevice");
  check(cudaSetDeviceFlags(cudaDeviceScheduleBlockingSync), "cudaSetDeviceFlags");
}

}  // namespace isoloss
