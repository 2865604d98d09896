// GCC's names for what its instrumentation calls (its libsanitizer/tsan/tsan_interface.h).
#include "model/kernels/cuda/emulator/accesses.h"

using isoloss::simt::note_access;

#define ISOLOSS_ACCESS(kind, bytes, writes)                          \
  void __tsan_##kind##bytes(const void* memory) {                    \
    note_access(memory, bytes, writes, __builtin_return_address(0)); \
  }
#define ISOLOSS_ACCESSES(bytes)      \
  ISOLOSS_ACCESS(read, bytes, false) \
  ISOLOSS_ACCESS(write, bytes, true)

extern "C" {
ISOLOSS_ACCESSES(1)
ISOLOSS_ACCESSES(2)
ISOLOSS_ACCESSES(4)
ISOLOSS_ACCESSES(8)
ISOLOSS_ACCESSES(16)
void __tsan_read_range(const void* memory, unsigned long bytes) {
  note_access(memory, bytes, false, __builtin_return_address(0));
}
void __tsan_write_range(const void* memory, unsigned long bytes) {
  note_access(memory, bytes, true, __builtin_return_address(0));
}
// Of the host's objects in the same files.
int __tsan_atomic32_fetch_add(volatile int* x, int by, int /*order*/) {
  return __atomic_fetch_add(x, by, __ATOMIC_SEQ_CST);
}
int __tsan_atomic32_fetch_sub(volatile int* x, int by, int /*order*/) {
  return __atomic_fetch_sub(x, by, __ATOMIC_SEQ_CST);
}
void __tsan_vptr_update(void*, void*) {}
void __tsan_vptr_read(void*) {}
void __tsan_init() {}
}
