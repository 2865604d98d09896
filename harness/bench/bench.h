// Times training steps: LanguageModel::loss_and_gradients, the global norm, clipping at 1 and
// AdamW, on random tokens.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "harness/bench/bench_sizes.h"
#include "model/layers/language_model.h"

namespace isoloss {

struct BenchCase {
  ModelSpec spec;
  std::int64_t batch = 0;
  Precision precision = Precision::Float32;
  int threads = 1;

  std::int64_t tokens() const { return batch * spec.sequence; }
};

// The median and quartiles of a sample, which is not empty.
struct Spread {
  double median = 0, low = 0, high = 0;
};
Spread spread_of(std::vector<double> sample);

class BenchModel {
 public:
  // Sets the process's intra-op threads.
  explicit BenchModel(const BenchCase& bench);

  // Seconds of each of `steps` steps, after one that is not counted.
  std::vector<double> step_seconds(int steps);

 private:
  void step();

  BenchCase bench_;
  LanguageModel model_;
  std::vector<float> state_;
  std::vector<std::int32_t> tokens_;
  std::int64_t steps_ = 0;
};

}  // namespace isoloss
