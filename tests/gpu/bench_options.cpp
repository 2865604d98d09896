#include "tests/gpu/bench_options.h"

#include <algorithm>
#include <cstdlib>
#include <vector>

#include "model/spec/error.h"
#include "model/spec/nearest_name.h"
#include "tests/gpu/step_bench.h"

namespace isoloss {
namespace {

void expect_one_of(const std::vector<std::string>& known, const std::string& given,
                   const std::string& what) {
  if (std::find(known.begin(), known.end(), given) == known.end())
    throw InputError("'" + given + "' is not " + what + " of device_bench" +
                     suggestion(given, known));
}

double number(const std::string& option, const std::string& text, bool may_be_zero) {
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  if (text.empty() || *end != 0 || !(value > 0 || (may_be_zero && value == 0)))
    throw InputError(option + ": '" + text + "' is not a " +
                     (may_be_zero ? "number of rows (zero or more); for example 12"
                                  : "time (seconds, above zero); for example 60"));
  return value;
}

}  // namespace

BenchOptions bench_options(int argc, char** argv) {
  BenchOptions options;
  if (argc > 1) options.part = argv[1];
  expect_one_of({"describe", "ceilings", "kernels", "steps"}, options.part, "a part");
  for (int i = 2; i < argc; i += 2) {
    const std::string option = argv[i], value = i + 1 < argc ? argv[i + 1] : "";
    expect_one_of({"--budget", "--seconds", "--only", "--after"}, option, "an option");
    if (option == "--budget") options.budget = number(option, value, false);
    if (option == "--seconds") options.seconds = number(option, value, false);
    if (option == "--after") options.after = static_cast<int>(number(option, value, true));
    if (option == "--only") {
      expect_one_of(step_names(), value, "a row of steps");
      options.only = value;
    }
  }
  return options;
}

}  // namespace isoloss
