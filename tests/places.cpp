#include "tests/places.h"

namespace isoloss::test {

std::string checkout() { return ISOLOSS_CHECKOUT; }
std::string program() { return ISOLOSS_BUILD "/isoloss"; }
std::string study_process() { return ISOLOSS_BUILD "/tests/study_process"; }

}  // namespace isoloss::test
