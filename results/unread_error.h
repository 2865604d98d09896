// Files that could not be read, which says nothing of what is in them: unlike a damaged file,
// nobody may put one aside or train its run again.
#pragma once
#include <filesystem>
#include <string>

#include "model/spec/error.h"

namespace isoloss {

// The system refused (permissions, a failing disk), or another version of isoloss wrote the file.
struct UnreadError : InputError {
  using InputError::InputError;
};

struct ReadProblem {
  std::string text;
  bool unread = false;  // otherwise the file was read and is damaged
};

// What the exception being handled says of the file at `path`: damage where it is an InputError but
// no UnreadError; any other (memory is short) leaves it unread. To be called in a handler.
ReadProblem read_problem(const std::filesystem::path& path);

}  // namespace isoloss
