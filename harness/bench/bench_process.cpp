#include "harness/bench/bench_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdlib>
#include <sstream>
#include <utility>

#include "harness/ranks/peak_memory.h"
#include "model/spec/error.h"
#include "model/spec/nearest_name.h"

namespace isoloss {
namespace {

std::string option(const char* name, std::int64_t value) {
  return fmt::format("--{}={}", name, value);
}

std::string dtype_option(const BenchCase& bench) {
  return bench.precision == Precision::BFloat16 ? "--dtype=bfloat16" : "--dtype=float32";
}

std::vector<std::string> peer_command(const BenchCase& bench, const std::string& mode) {
  const ModelSpec& spec = bench.spec;
  return {python_environment().string(),
          ISOLOSS_PEER,
          "--architecture=" + spec.architecture,
          "--mode=" + mode,
          dtype_option(bench),
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

BenchProcess::BenchProcess(std::vector<std::string> command, std::string what)
    : what_(std::move(what)) {
  std::signal(SIGPIPE, SIG_IGN);
  std::vector<char*> arguments;
  for (std::string& word : command) arguments.push_back(word.data());
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
  answer();
}

BenchProcess::~BenchProcess() {
  std::fclose(requests_);
  std::fclose(answers_);
  kill(process_, SIGTERM);
  waitpid(process_, nullptr, 0);
}

void BenchProcess::ask(const std::string& request) {
  std::fprintf(requests_, "%s\n", request.c_str());
  std::fflush(requests_);
}

std::vector<double> BenchProcess::answer() {
  std::string line;
  for (int c = std::fgetc(answers_); c != '\n'; c = std::fgetc(answers_)) {
    if (c == EOF)
      throw WorkError(what_ + " ended early (its message is above); mend it, or leave it out");
    line += static_cast<char>(c);
  }
  std::istringstream text(line);
  std::vector<double> numbers;
  for (double number = 0; text >> number;) numbers.push_back(number);
  return numbers;
}

void BenchProcess::begin_steps(int steps) { ask(fmt::format("steps {}", steps)); }

std::vector<double> BenchProcess::finish_steps() { return answer(); }

std::int64_t BenchProcess::peak_memory() {
  ask("memory");
  return static_cast<std::int64_t>(answer().at(0));
}

std::unique_ptr<BenchProcess> our_process(const BenchCase& bench) {
  return std::make_unique<BenchProcess>(
      std::vector<std::string>{std::filesystem::read_symlink("/proc/self/exe"), "bench", "--serve",
                               "--architecture=" + bench.spec.architecture,
                               "--size=" + bench.spec.size, dtype_option(bench),
                               option("threads", bench.threads)},
      "isoloss's " + bench.spec.architecture);
}

std::unique_ptr<BenchProcess> pytorch_process(const BenchCase& bench, const std::string& mode) {
  return std::make_unique<BenchProcess>(peer_command(bench, mode),
                                        "PyTorch's " + bench.spec.architecture + " (" + mode + ")");
}

void serve_steps(const BenchCase& bench, std::istream& requests, std::ostream& answers) {
  BenchModel model(bench);
  for (std::string line; std::getline(requests, line);) {
    std::istringstream request(line);
    std::string what;
    int steps = 1;
    request >> what >> steps;
    if (what == "warm") {
      model.step_seconds(steps);
      forget_peak_memory();
      answers << 0;
    } else if (what == "steps") {
      for (const double seconds : model.step_seconds(steps)) answers << seconds << ' ';
    } else if (what == "memory") {
      answers << isoloss::peak_memory();
    } else {
      throw InputError("'" + line + "' is no request (standard input is read by bench --serve); " +
                       "ask for warm, steps N or memory");
    }
    answers << std::endl;
  }
}

}  // namespace isoloss
