// One row of `isoloss bench`: a model's steps, and in alternation with them whatever it is compared
// with, each in a process of its own.
#pragma once
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "harness/bench/bench.h"

namespace isoloss {

// What is timed beside a model.
struct BenchBeside {
  bool peer = false;          // the same model in PyTorch, eager and compiled
  bool transformer = false;   // our transformer of the same shape
  bool side_by_side = false;  // as many of the model as it has threads, at once, a thread each
};

struct PeerTimes {
  std::string mode;
  std::vector<double> seconds;
  std::int64_t peak_memory = 0;
};

// Ratios have a value a round and are empty where nothing was timed beside.
struct BenchRow {
  BenchCase bench;
  double gemm_peak = 0;         // FLOP/s
  std::vector<double> seconds;  // of each step
  std::int64_t peak_memory = 0;
  double predicted_memory = 0;  // what plan says (model/cost/memory.h)
  std::vector<PeerTimes> peers;
  std::vector<double> over_peer;         // our tokens/s over the faster peer's
  std::vector<double> over_transformer;  // tokens/s over our transformer's
  std::vector<double> side_by_side;      // tokens/s of all models at once over one on all threads

  double tokens_per_second(double seconds_of_step) const;
  // FLOPs, attention for its causal half, over those of the fastest product.
  double utilisation() const;
};

// At least `steps` steps of each in rounds of five or more: a round lasts long enough for the
// clock, and what disturbs the machine disturbs all of it.
BenchRow time_rounds(const BenchCase& bench, const BenchBeside& beside, int steps,
                     double gemm_peak);

double median(const std::vector<double>& sample);

}  // namespace isoloss
