// Where this checkout and its programs are. Tests are told by one file: what else of theirs is
// compiled in one checkout, another can take from the compiler's cache.
#pragma once
#include <string>

namespace isoloss::test {

std::string checkout();       // the folder of README.md
std::string program();        // isoloss
std::string study_process();  // what tests start, stop and kill

}  // namespace isoloss::test
