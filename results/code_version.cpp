#include "results/code_version.h"

namespace isoloss {

std::string code_version() {
  return
#include "code_version.inc"  // cmake/CodeVersion.cmake writes it at each build
      ;
}

}  // namespace isoloss
