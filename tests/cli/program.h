// Runs the built program as a user would: arguments in, exit status and both outputs back.
#pragma once
#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "tests/places.h"
#include "tests/temporary_folder.h"

namespace isoloss::test {

struct Outcome {
  int status = -1;
  std::string out;
  std::string err;
};

inline std::string slurp(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

inline void spill(const std::filesystem::path& file, const std::string& text) {
  std::filesystem::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary) << text;
}

// `arguments` as a shell would read them, run in `folder`, where Open MPI's own folder is too: the
// one that jobs of a user share may be removed by one that ends as another begins.
inline Outcome isoloss(const std::string& arguments, const std::filesystem::path& folder) {
  const std::filesystem::path out = folder / ".out", err = folder / ".err";
  const std::string command =
      "cd '" + folder.string() + "' && OMPI_MCA_orte_tmpdir_base=\"$PWD\" '" + test::program() +
      "' " + arguments + " >'" + out.string() + "' 2>'" + err.string() + "' </dev/null";
  const int raw = std::system(command.c_str());
  return {WIFEXITED(raw) ? WEXITSTATUS(raw) : -1, slurp(out), slurp(err)};
}

}  // namespace isoloss::test
