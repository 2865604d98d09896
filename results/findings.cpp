#include "results/findings.h"

#include "results/checkpoint_names.h"
#include "results/durable_file.h"
#include "results/set_aside.h"

namespace isoloss {

namespace fs = std::filesystem;

bool Findings::passed_over(const fs::path& path) {
  if (is_set_aside(path)) return true;
  if (!is_temporary_entry(path)) return false;
  add(path, Severity::Note,
      "leftover of a process that was killed (a temporary file); remove it once no run is going "
      "on");
  return true;
}

}  // namespace isoloss
