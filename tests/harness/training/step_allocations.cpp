// step_allocations: what a training step (gradients, clipping and update) of each architecture
// takes from the system once it is under way, as Markdown. Heap allocations are counted by standing
// in for the C library's functions.
#include <malloc.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "harness/bench/bench_sizes.h"
#include "harness/training/training_state.h"
#include "model/spec/catalogue.h"
#include "tests/model/layers/counting_allocator.h"

// The GNU C library's own, by which it lets a program replace the others.
extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);
}

namespace {

constexpr std::size_t kLarge = 4096;  // bytes: a page
std::atomic<long> allocations{0}, large_allocations{0}, allocated_bytes{0};

std::size_t counted(std::size_t bytes) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  if (bytes >= kLarge) large_allocations.fetch_add(1, std::memory_order_relaxed);
  allocated_bytes.fetch_add(static_cast<long>(bytes), std::memory_order_relaxed);
  return bytes;
}

}  // namespace

extern "C" {
void* malloc(std::size_t bytes) { return __libc_malloc(counted(bytes)); }
void* calloc(std::size_t count, std::size_t bytes) {
  counted(count * bytes);
  return __libc_calloc(count, bytes);
}
void* realloc(void* memory, std::size_t bytes) { return __libc_realloc(memory, counted(bytes)); }
void* memalign(std::size_t alignment, std::size_t bytes) {
  return __libc_memalign(alignment, counted(bytes));
}
void* aligned_alloc(std::size_t alignment, std::size_t bytes) { return memalign(alignment, bytes); }
int posix_memalign(void** memory, std::size_t alignment, std::size_t bytes) {
  *memory = memalign(alignment, bytes);
  return *memory == nullptr ? ENOMEM : 0;
}
}

namespace isoloss {
namespace {

constexpr int kSteps = 5;

struct Taken {
  long tensors, heap, large, bytes, pages;
};

Taken taken() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return {counting_allocator().count, allocations, large_allocations, allocated_bytes,
          usage.ru_minflt};
}

void print_steps(const std::string& architecture, const std::string& dtype, std::int64_t threads) {
  RunSpec spec;
  const BenchSize& size = bench_size("0.8M");
  spec.model = bench_spec(architecture, size);
  spec.dtype = dtype;
  spec.threads = threads;
  spec.optimizer.batch_tokens = size.batch * size.sequence;
  spec.optimizer.clip_norm = 1;
  set_intra_op_threads(static_cast<int>(threads));
  TrainingState state(spec);
  const std::vector<std::int32_t> tokens(static_cast<std::size_t>(spec.optimizer.batch_tokens), 7);
  for (int i = 0; i < 3; ++i) state.update(tokens);
  const Taken before = taken();
  for (int i = 0; i < kSteps; ++i) state.update(tokens);
  const Taken after = taken();
  std::printf("| %s | %s | %lld | %ld | %ld | %ld | %.1f | %ld |\n", architecture.c_str(),
              dtype.c_str(), static_cast<long long>(threads),
              (after.tensors - before.tensors) / kSteps, (after.heap - before.heap) / kSteps,
              (after.large - before.large) / kSteps,
              static_cast<double>(after.bytes - before.bytes) / kSteps / 1024,
              (after.pages - before.pages) / kSteps);
}

}  // namespace
}  // namespace isoloss

int main() {
  isoloss::counting_allocator();
  std::puts(
      "| architecture | type | threads | tensors' memory | heap allocations | of a page or more | "
      "KiB | new pages |\n|---|---|---|---|---|---|---|---|");
  for (const isoloss::CatalogueEntry& entry : isoloss::architectures())
    for (const char* dtype : {"float32", "bfloat16"})
      for (const int threads : {1, 2}) isoloss::print_steps(entry.name, dtype, threads);
}
