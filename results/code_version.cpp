#include "results/code_version.h"

namespace isoloss {

std::string code_version() { return ISOLOSS_CODE_VERSION; }

}  // namespace isoloss
