#include "harness/bench/bench.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "harness/bench/bench_process.h"
#include "harness/bench/bench_sizes.h"
#include "harness/ranks/peak_memory.h"
#include "model/spec/error.h"
#include "model/spec/parameters.h"

namespace isoloss {
namespace {

// numpy.percentile([3, 1, 4, 1.5, 9], [50, 25, 75]).
TEST(Bench, SpreadIsMedianAndLinearQuartiles) {
  const Spread spread = spread_of({3, 1, 4, 1.5, 9});
  EXPECT_DOUBLE_EQ(spread.median, 3);
  EXPECT_DOUBLE_EQ(spread.low, 1.5);
  EXPECT_DOUBLE_EQ(spread.high, 4);
}

TEST(Bench, SpreadOfAnEvenSampleLiesBetween) { EXPECT_DOUBLE_EQ(spread_of({1, 2}).median, 1.5); }

// By hand, V d + T d + layers (12 d^2 + 13 d) + 2 d: embedding, positions, per layer four matrices
// of attention and two of the feed-forward with their biases and two norms, final norm.
TEST(Bench, SizesHaveTheParametersOfTheirNames) {
  const auto count = [](const char* size) {
    return count_parameters(bench_spec("gpt2", bench_size(size))).total;
  };
  EXPECT_EQ(count("0.8M"), (65 + 64) * 128 + 4 * (12 * 128 * 128 + 13 * 128) + 2 * 128);
  EXPECT_EQ(count("10.7M"), (65 + 256) * 384 + 6 * (12 * 384 * 384 + 13 * 384) + 2 * 384);
  EXPECT_EQ(count("23M"), (8192 + 256) * 512 + 6 * (12 * 512 * 512 + 13 * 512) + 2 * 512);
}

// By hand: 6 FLOPs for each weight of a matrix that a token meets, the head among them, and for
// each of the T / 2 places that a token sees on average 6 for its logit and 6 for its value, times
// width.
TEST(Bench, CausalFlopsCountHalfTheAttention) {
  const ModelSpec spec = bench_spec("gpt2", bench_size("0.8M"));
  const double matrices = 4 * 12 * 128 * 128 + 65 * 128, attention = 4 * 2 * (64 / 2) * 128;
  EXPECT_DOUBLE_EQ(causal_flops_per_token(spec), 6 * (matrices + attention));
}

TEST(Bench, UnknownSizeNamesTheNearest) {
  try {
    bench_size("10.7MB");
    FAIL();
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("'10.7M'"), std::string::npos) << error.what();
  }
}

TEST(Bench, ServesStepsOnRequestAndNothingElse) {
  const BenchSize& size = bench_size("0.8M");
  std::istringstream requests("warm\nsteps 2\nmemory\nsleep\n");
  std::stringstream answers;
  EXPECT_THROW(serve_steps({bench_spec("gpt2", size), size.batch}, requests, answers), InputError);
  std::string warm;
  double first = 0, second = 0;
  std::int64_t memory = 0;
  answers >> warm >> first >> second >> memory;
  EXPECT_EQ(warm, "0");
  EXPECT_GT(first, 0);
  EXPECT_GT(second, 0);
  EXPECT_EQ(memory == 0, peak_memory() == 0);
}

TEST(Bench, PeakMemoryGrowsWithWhatIsTouchedAndIsForgotten) {
  if (peak_memory() == 0 || !std::ofstream("/proc/self/clear_refs"))
    GTEST_SKIP() << "this system does not say or forget its peak";
  forget_peak_memory();
  const std::int64_t before = peak_memory();
  { const std::vector<char> touched(100 << 20, 1); }
  EXPECT_GE(peak_memory() - before, 90 << 20);
  forget_peak_memory();
  EXPECT_LT(peak_memory() - before, 50 << 20);
}

}  // namespace
}  // namespace isoloss
