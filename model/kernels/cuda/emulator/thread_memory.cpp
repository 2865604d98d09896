#include "model/kernels/cuda/emulator/thread_memory.h"

#include <link.h>

namespace isoloss::simt {

MemoryRange thread_memory() {
  MemoryRange found;
  const auto look = [](dl_phdr_info* program, std::size_t, void* range) {
    for (int i = 0; i < program->dlpi_phnum; ++i)
      if (const auto& header = program->dlpi_phdr[i]; header.p_type == PT_TLS) {
        const auto begin = reinterpret_cast<std::uintptr_t>(program->dlpi_tls_data);
        *static_cast<MemoryRange*>(range) = {begin, begin + header.p_memsz};
      }
    return 1;  // the program comes first
  };
  dl_iterate_phdr(look, &found);
  return found;
}

}  // namespace isoloss::simt
