// The two ways in which isoloss stops on purpose. The text of both reads
// "problem (why); what to do" and names file, line and key where there are any.
#pragma once
#include <stdexcept>
#include <string>

namespace isoloss {

// Bad usage, bad input or a bad environment: the program exits with status 2.
struct InputError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// The input was good and the work failed: the program exits with status 1.
struct WorkError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

}  // namespace isoloss
