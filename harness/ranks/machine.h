// What a run is trained on, as the system names it.
#pragma once
#include <string>

namespace isoloss {

// The processor's model name; "unknown processor" where the system does not say.
std::string machine_name();

}  // namespace isoloss
