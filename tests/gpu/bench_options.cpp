#include "tests/gpu/bench_options.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <system_error>
#include <vector>

#include "model/spec/error.h"
#include "model/spec/nearest_name.h"
#include "tests/gpu/step_bench.h"

namespace isoloss {
namespace {

void expect_one_of(const std::vector<std::string>& known, const std::string& given,
                   const std::string& what) {
  if (std::find(known.begin(), known.end(), given) == known.end())
    throw InputError("'" + given + "' is not " + what +
                     (known.empty() ? "; it takes none" : suggestion(given, known)));
}

double time_of(const std::string& option, const std::string& text) {
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  if (text.empty() || *end != 0 || !(value > 0))
    throw InputError(option + ": '" + text +
                     "' is not a time (seconds, above zero); for example 60");
  return value;
}

int rows_of(const std::string& option, const std::string& text) {
  const char* const end = text.data() + text.size();
  int rows = 0;
  const auto [rest, error] = std::from_chars(text.data(), end, rows);
  if (error != std::errc{} || rest != end || rows < 0)
    throw InputError(option + ": '" + text +
                     "' is not a number of rows (zero or more); for example 12");
  return rows;
}

std::vector<std::string> options_of(const std::string& part) {
  if (part == "kernels") return {"--budget", "--seconds", "--after"};
  if (part == "steps") return {"--budget", "--seconds", "--only"};
  if (part == "ceilings") return {"--budget", "--seconds"};
  return {};
}

}  // namespace

BenchOptions bench_options(int argc, char** argv) {
  BenchOptions options;
  if (argc > 1) options.part = argv[1];
  expect_one_of({"describe", "ceilings", "kernels", "steps"}, options.part,
                "a part of device_bench");
  for (int i = 2; i < argc; i += 2) {
    const std::string option = argv[i], value = i + 1 < argc ? argv[i + 1] : "";
    expect_one_of(options_of(options.part), option, "an option of device_bench " + options.part);
    if (option == "--budget") options.budget = time_of(option, value);
    if (option == "--seconds") options.seconds = time_of(option, value);
    if (option == "--after") options.after = rows_of(option, value);
    if (option == "--only") {
      expect_one_of(step_names(), value, "a row of device_bench steps");
      options.only = value;
    }
  }
  return options;
}

}  // namespace isoloss
