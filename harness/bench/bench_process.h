// A model that takes training steps in a process of its own when it is asked to, ours or the same
// in PyTorch: so that each has its own memory and threads, and all are timed in alternation under
// the same conditions. Requests and answers are lines of text; both programs say the same ones:
// "warm" (answered when two steps are done), "steps N" (seconds of each, after one that is not
// counted), "memory" (its largest resident size in bytes since it was warm).
#pragma once
#include <sys/types.h>

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <istream>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "harness/bench/bench.h"

namespace isoloss {

// The interpreter that scripts/python_environment.sh made; InputError, which says how to make it,
// where there is none.
std::filesystem::path python_environment();

// InputError where scripts/peer.py has no such architecture.
void expect_peer(const ModelSpec& spec);

class BenchProcess {
 public:
  // Starts `command`, called `what` in messages, and returns when its model is warm. WorkError
  // where it ends early.
  BenchProcess(std::vector<std::string> command, std::string what);
  ~BenchProcess();  // ends the process
  BenchProcess(const BenchProcess&) = delete;
  BenchProcess& operator=(const BenchProcess&) = delete;

  // Asks for steps and does not wait.
  void begin_steps(int steps);
  // Seconds of each step of the last begin_steps().
  std::vector<double> finish_steps();
  // Its largest resident size in bytes since it was warm.
  std::int64_t peak_memory();

 private:
  void ask(const std::string& request);
  std::vector<double> answer();

  std::string what_;
  pid_t process_ = -1;
  std::FILE* requests_ = nullptr;
  std::FILE* answers_ = nullptr;
};

// This program (`isoloss bench --serve`) and scripts/peer.py; mode: "eager" or "compiled".
std::unique_ptr<BenchProcess> our_process(const BenchCase& bench);
std::unique_ptr<BenchProcess> pytorch_process(const BenchCase& bench, const std::string& mode);

// The other end, for this program: answers requests until they end.
void serve_steps(const BenchCase& bench, std::istream& requests, std::ostream& answers);

}  // namespace isoloss
