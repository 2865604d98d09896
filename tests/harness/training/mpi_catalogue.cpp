// Training does not depend on the layout of its ranks: every entry of the catalogue, both
// optimizers, grouped heads and recomputation. Runs on every rank of an MPI job (isoloss_mpi_test):
// at 1, 2 and 4 ranks, as every tensor x data that makes them up.
#include <gtest/gtest.h>

#include "tests/harness/training/mpi_layouts.h"

namespace isoloss {
namespace {

class AnyLayout : public testing::TestWithParam<Case> {};

TEST_P(AnyLayout, TrainsAsOneRankDoes) {
  RunSpec spec = spec_of(GetParam());
  spec.recompute = false;
  const Trained want = alone(spec, 20);
  spec.recompute = GetParam().recompute;
  for (const RankLayout& layout : layouts()) {
    SCOPED_TRACE(std::to_string(layout.tensor) + " x " + std::to_string(layout.data));
    HostTrainingState state(spec, RankGroups(*job, layout));
    expect_equal(train_to(state, spec, 20), want, GetParam().bound);
  }
}

std::vector<Case> cases() {
  std::vector<Case> result;
  for (const CatalogueEntry& entry : architectures()) {
    result.push_back({entry.name, OptimizerKind::AdamW, "float64", 1e-10});
    result.push_back({entry.name, OptimizerKind::AdamW, "float32", 1e-5});
    result.push_back({entry.name, OptimizerKind::Adafactor, "float64", 1e-10});
    result.push_back({entry.name, OptimizerKind::Adafactor, "float32", 1e-5});
  }
  // One head of keys and values for two of queries, on each of four ranks.
  for (const char* name : {"llama", "primer-ez"}) {
    const Case grouped{
        name, OptimizerKind::AdamW, "float64", 1e-10, {{"heads", "8"}, {"kv_heads", "4"}}};
    for (const bool recompute : {false, true}) {
      result.push_back(grouped);
      result.back().recompute = recompute;
    }
  }
  result.push_back(
      {"llama", OptimizerKind::AdamW, "float32", 1e-5, {{"heads", "8"}, {"kv_heads", "4"}}});
  return result;
}

INSTANTIATE_TEST_SUITE_P(Catalogue, AnyLayout, testing::ValuesIn(cases()));

class EveryEntry : public testing::TestWithParam<std::string> {
 protected:
  static constexpr std::int64_t kSteps = 4;
};

// ZeRO-1 and recomputation change what is held and when, and no number.
TEST_P(EveryEntry, SharedOptimizerStateAndRecomputationChangeNoBit) {
  const RunSpec spec = spec_of({GetParam(), OptimizerKind::AdamW, "float32", 0});
  RunSpec again = spec;
  again.recompute = true;
  for (const RankLayout& layout : layouts()) {
    SCOPED_TRACE(std::to_string(layout.tensor) + " x " + std::to_string(layout.data));
    HostTrainingState shared(spec, RankGroups(*job, layout), OptimizerState::Shared);
    HostTrainingState kept(spec, RankGroups(*job, layout), OptimizerState::OnEveryRank);
    HostTrainingState recomputed(again, RankGroups(*job, layout));
    const Trained want = train_to(shared, spec, kSteps);
    const Trained of_kept = train_to(kept, spec, kSteps);
    const Trained of_recomputed = train_to(recomputed, again, kSteps);
    EXPECT_EQ(of_kept.losses, want.losses);
    EXPECT_EQ(of_kept.state, want.state);
    EXPECT_EQ(of_recomputed.losses, want.losses);
    EXPECT_EQ(of_recomputed.state, want.state);
  }
}

TEST_P(EveryEntry, AccumulationIsTheLargeBatch) {
  RunSpec spec = spec_of({GetParam(), OptimizerKind::AdamW, "float64", 0});
  const Trained want = alone(spec, kSteps);
  spec.accumulate = 2;
  for (const RankLayout& layout : layouts()) {
    SCOPED_TRACE(std::to_string(layout.tensor) + " x " + std::to_string(layout.data));
    HostTrainingState state(spec, RankGroups(*job, layout));
    expect_equal(train_to(state, spec, kSteps), want, 1e-10);
  }
}

std::vector<std::string> names() {
  std::vector<std::string> result;
  for (const CatalogueEntry& entry : architectures()) result.push_back(entry.name);
  return result;
}

INSTANTIATE_TEST_SUITE_P(Catalogue, EveryEntry, testing::ValuesIn(names()));

}  // namespace
}  // namespace isoloss
