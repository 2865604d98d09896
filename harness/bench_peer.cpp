#include "harness/bench_peer.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdlib>
#include <sstream>

#include "model/spec/error.h"
#include "model/spec/nearest_name.h"

namespace isoloss {
namespace {

std::string option(const char* name, std::int64_t value) {
  return fmt::format("--{}={}", name, value);
}

std::vector<std::string> command_line(const BenchCase& bench, const std::string& mode) {
  const ModelSpec& spec = bench.spec;
  return {python_environment().string(),
          ISOLOSS_PEER,
          "--architecture=" + spec.architecture,
          "--mode=" + mode,
          bench.precision == Precision::BFloat16 ? "--dtype=bfloat16" : "--dtype=float32",
          option("threads", bench.threads),
          option("batch", bench.batch),
          option("layers", spec.layers),
          option("d_model", spec.d_model),
          option("d_head", spec.d_head),
          option("d_ff", feed_forward_width(spec)),
          option("sequence", spec.sequence),
          option("vocabulary", spec.vocabulary)};
}

}  // namespace

std::filesystem::path python_environment() {
  std::filesystem::path folder;
  if (const char* named = std::getenv("ISOLOSS_PYTHON_ENVIRONMENT"))
    folder = named;
  else if (const char* cache = std::getenv("XDG_CACHE_HOME"))
    folder = std::filesystem::path(cache) / "isoloss/python";
  else if (const char* home = std::getenv("HOME"))
    folder = std::filesystem::path(home) / ".cache/isoloss/python";
  if (!std::filesystem::exists(folder / "complete"))
    throw InputError("PyTorch for Python is missing (nothing complete in '" + folder.string() +
                     "'); run scripts/python_environment.sh");
  return folder / "bin/python";
}

void expect_peer(const ModelSpec& spec) {
  static const std::vector<std::string> names = {"gpt2",          "transformer", "transformer-gelu",
                                                 "transformer++", "primer-ez",   "primer"};
  if (std::find(names.begin(), names.end(), spec.architecture) == names.end())
    throw InputError("--peer: '" + spec.architecture +
                     "' is not written in PyTorch (see scripts/peer.py)" +
                     suggestion(spec.architecture, names));
}

BenchPeer::BenchPeer(const BenchCase& bench, const std::string& mode)
    : what_("PyTorch's " + bench.spec.architecture + " (" + mode + ")") {
  std::signal(SIGPIPE, SIG_IGN);
  std::vector<std::string> words = command_line(bench, mode);
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  std::array<int, 2> to{}, from{};
  if (pipe2(to.data(), O_CLOEXEC) != 0 || pipe2(from.data(), O_CLOEXEC) != 0)
    throw WorkError(what_ + " cannot start (no pipe); close some programs");
  process_ = fork();
  if (process_ == 0) {
    dup2(to[0], STDIN_FILENO);
    dup2(from[1], STDOUT_FILENO);
    execv(arguments[0], arguments.data());
    _exit(127);
  }
  close(to[0]);
  close(from[1]);
  requests_ = fdopen(to[1], "w");
  answers_ = fdopen(from[0], "r");
  ask("warm");
}

BenchPeer::~BenchPeer() {
  std::fclose(requests_);
  std::fclose(answers_);
  kill(process_, SIGTERM);
  waitpid(process_, nullptr, 0);
}

std::vector<double> BenchPeer::ask(const std::string& request) {
  std::fprintf(requests_, "%s\n", request.c_str());
  std::fflush(requests_);
  std::string line;
  for (int c = std::fgetc(answers_); c != '\n'; c = std::fgetc(answers_)) {
    if (c == EOF)
      throw WorkError(what_ + " ended early (its message is above); mend it, or leave out --peer");
    line += static_cast<char>(c);
  }
  std::istringstream text(line);
  std::vector<double> numbers;
  for (double number = 0; text >> number;) numbers.push_back(number);
  return numbers;
}

std::vector<double> BenchPeer::step_seconds(int steps) {
  return ask(fmt::format("steps {}", steps));
}

std::int64_t BenchPeer::peak_memory() { return static_cast<std::int64_t>(ask("memory").at(0)); }

}  // namespace isoloss
