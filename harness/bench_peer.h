// The same model in PyTorch, in a process of its own (scripts/peer.py) that takes a step when it is
// asked to: so that both are timed in alternation under the same conditions.
#pragma once
#include <sys/types.h>

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "harness/bench.h"

namespace isoloss {

// The interpreter that scripts/python_environment.sh made; InputError, which says how to make it,
// where there is none.
std::filesystem::path python_environment();

// InputError where scripts/peer.py has no such architecture.
void expect_peer(const ModelSpec& spec);

class BenchPeer {
 public:
  // mode: "eager" or "compiled". Returns when the model is built, compiled and warm. WorkError
  // where the process ends early.
  BenchPeer(const BenchCase& bench, const std::string& mode);
  ~BenchPeer();  // ends the process
  BenchPeer(const BenchPeer&) = delete;
  BenchPeer& operator=(const BenchPeer&) = delete;

  // Seconds of each of `steps` steps, after one that is not counted.
  std::vector<double> step_seconds(int steps);
  // Its largest resident size in bytes since it was warm.
  std::int64_t peak_memory();

 private:
  std::vector<double> ask(const std::string& request);

  std::string what_;
  pid_t process_ = -1;
  std::FILE* requests_ = nullptr;
  std::FILE* answers_ = nullptr;
};

}  // namespace isoloss
