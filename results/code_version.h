// Which code a run was trained with: git's description of the tree that this program was built from
// ("-dirty" with changes that are not committed), or the release's number where there is no git.
#pragma once
#include <string>

namespace isoloss {

std::string code_version();

}  // namespace isoloss
