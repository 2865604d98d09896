// Ranks that share a model by tensor parallelism compute what one rank alone computes: losses,
// logits and, put together from the shards, gradients.
#include <gtest/gtest.h>

#include "model/spec/shard.h"
#include "tests/model/layers/every_spec.h"
#include "tests/model/parallel/thread_ranks.h"

namespace isoloss {
namespace {

// Sizes that two and four ranks divide.
NamedSpec divisible(NamedSpec named) {
  ModelSpec& spec = named.spec;
  spec.heads = 4;
  if (spec.kv_heads > 0) spec.kv_heads = 2;
  spec.vocabulary = 32;
  return named;
}

std::vector<NamedSpec> divisible_specs() {
  std::vector<NamedSpec> specs;
  for (const NamedSpec& named : catalogue_specs()) specs.push_back(divisible(named));
  const SpecChanges changes[] = {
      {{"kv_heads", "1"}, {"convolution_width", "3"}},
      {{"convolution_width", "3"}, {"convolution_shared", "true"}},
      {{"convolution_width", "3"}, {"convolution_place", "before_projection"}},
      {{"attention_bias", "true"}, {"shared_qk", "true"}},
      {{"norm_placement", "both"}, {"rezero", "true"}, {"token_shift", "true"}},
      {{"norm_placement", "post"}, {"tied", "false"}, {"positions", "learned"}},
  };
  for (const SpecChanges& change : changes)
    specs.push_back(divisible(changed_spec("transformer", change)));
  // Vocabularies that nothing divides, of a tied and of an own output layer.
  for (const char* tied : {"true", "false"}) {
    specs.push_back(divisible(changed_spec("gpt2", {{"tied", tied}})));
    specs.back().spec.vocabulary = 31;
  }
  return specs;
}

class TensorRanks : public testing::TestWithParam<std::tuple<NamedSpec, Kernels>> {};

TEST_P(TensorRanks, ComputeWhatOneRankComputes) {
  const auto& [named, kernels] = GetParam();
  LanguageModel alone(named.spec, 3, {Precision::Float64, Kernels::Reference});
  const double loss = alone.loss_and_gradients(formula_tokens(), {0.01, 2});
  const std::vector<double> logits = alone.logits(formula_tokens(), 37);
  for (const int count : {2, 4}) {
    if (kv_head_count(named.spec) % count != 0) continue;
    std::vector<double> gradients(alone.gradients64().size());
    testing_ranks::on_ranks(count, [&](Communicator& ranks) {
      set_intra_op_threads(1);
      ModelOptions options{Precision::Float64, kernels};
      options.recompute = count == 4;
      options.tensor_ranks = &ranks;
      LanguageModel shard(named.spec, 3, options);
      EXPECT_NEAR(shard.loss_and_gradients(formula_tokens(), {0.01, 2}), loss, 1e-12);
      const std::vector<double> theirs = shard.logits(formula_tokens(), 37);
      ASSERT_EQ(theirs.size(), logits.size());
      for (std::size_t i = 0; i < logits.size(); ++i) ASSERT_NEAR(theirs[i], logits[i], 1e-12);
      for (int turn = 0; turn < count; ++turn) {
        if (turn == ranks.rank())
          copy_from_shard<double>(shard.table(), shard.gradients64(), alone.table(), gradients);
        ranks.barrier();
      }
    });
    for (const Parameter& p : alone.table().parameters)
      for (auto i = static_cast<std::size_t>(p.offset);
           i < static_cast<std::size_t>(p.offset + p.size()); ++i)
        ASSERT_NEAR(gradients[i], alone.gradients64()[i], 1e-12) << p.name << " of " << count;
  }
}

INSTANTIATE_TEST_SUITE_P(Architectures, TensorRanks,
                         testing::Combine(testing::ValuesIn(divisible_specs()),
                                          testing::Values(Kernels::Fused, Kernels::Reference)),
                         SpecTestName());

}  // namespace
}  // namespace isoloss
