#include "harness/training/gradient_average.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <stdexcept>
#include <vector>

#include "harness/ranks/self_communicator.h"
#include "tests/model/parallel/thread_ranks.h"

namespace isoloss {
namespace {

using testing_ranks::on_ranks;

// Ranks 0, 1, 2 hold i, i + 1, i + 2: the mean is i + 1, two steps in a row, however the backward
// pass announces what is final.
TEST(GradientAverage, IsTheMeanOverRanks) {
  constexpr std::size_t kCount = (std::size_t{5} << 19) + 7;  // two buckets and a half
  std::vector<double> wrong(3, -1);
  on_ranks(3, [&](Communicator& ranks) {
    std::vector<double> gradients(kCount);
    GradientAverage average(ranks, std::span<double>(gradients));
    double misses = 0;
    for (const std::vector<std::int64_t>& announced :
         {std::vector<std::int64_t>{}, {2'000'000, 1'999'999, 100, 0}}) {
      for (std::size_t i = 0; i < kCount; ++i)
        gradients[i] = static_cast<double>(i % 1000) + ranks.rank();
      for (const std::int64_t offset : announced) average.ready(offset);
      average.finish();
      for (std::size_t i = 0; i < kCount; ++i)
        misses += std::abs(gradients[i] - static_cast<double>(i % 1000) - 1) > 1e-12 ? 1 : 0;
    }
    wrong[static_cast<std::size_t>(ranks.rank())] = misses;
  });
  EXPECT_EQ(wrong, std::vector<double>(3, 0.0));
}

// Counts the elements that it sums and breaks on request.
class Observed final : public SelfCommunicator {
 public:
  int size() const override { return 2; }
  void all_reduce_sum(std::span<float> values) override {
    if (fails) throw std::runtime_error("a rank died");
    sizes.push_back(values.size());
  }
  bool fails = false;
  std::vector<std::size_t> sizes;
};

// The reduction of what is final does not wait for the end of the backward pass, and elements that
// are not final yet are left alone.
TEST(GradientAverage, BeginsBeforeTheBackwardPassEnds) {
  Observed ranks;
  constexpr std::size_t kBucket = std::size_t{1} << 20;
  std::vector<float> gradients(2 * kBucket, 4.0F);
  GradientAverage average(ranks, std::span<float>(gradients));
  average.ready(static_cast<std::int64_t>(kBucket));
  gradients[0] = 8;  // the backward pass is still at it
  average.finish();
  EXPECT_EQ(ranks.sizes, std::vector<std::size_t>({kBucket, kBucket}));
  EXPECT_EQ(gradients[0], 4.0F);
  EXPECT_EQ(gradients[2 * kBucket - 1], 2.0F);
}

TEST(GradientAverage, ThrowsWhatAReductionThrew) {
  Observed ranks;
  ranks.fails = true;
  std::vector<float> gradients(10, 1.0F);
  GradientAverage average(ranks, std::span<float>(gradients));
  EXPECT_THROW(average.finish(), std::runtime_error);
}

}  // namespace
}  // namespace isoloss
