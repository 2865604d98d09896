#include "tests/places.h"

namespace isoloss::test {

const char* const kCheckout = ISOLOSS_CHECKOUT;
const char* const kProgram = ISOLOSS_BUILD "/isoloss";
const char* const kStudyProcess = ISOLOSS_BUILD "/tests/study_process";

}  // namespace isoloss::test
