// Where this checkout and its programs are. Tests are told by one file: what else of theirs is compiled
// in one checkout, another can take from the compiler's cache.
#pragma once

namespace isoloss::test {

extern const char* const kCheckout;      // the folder of README.md
extern const char* const kProgram;       // isoloss
extern const char* const kStudyProcess;  // study_process

}  // namespace isoloss::test
