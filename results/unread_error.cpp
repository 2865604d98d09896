#include "results/unread_error.h"

#include <exception>

namespace isoloss {

ReadProblem read_problem(const std::filesystem::path& path) {
  try {
    throw;
  } catch (const UnreadError& error) {
    return {error.what(), true};
  } catch (const InputError& error) {
    return {error.what(), false};
  } catch (const std::exception& error) {
    return {"cannot read " + path.string() + " (" + error.what() +
                "); free memory, check the disk, and try again",
            true};
  }
}

}  // namespace isoloss
