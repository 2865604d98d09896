// Which code a run was trained with: git's description of the tree when it was configured, or the
// release's number.
#pragma once
#include <string>

namespace isoloss {

std::string code_version();

}  // namespace isoloss
