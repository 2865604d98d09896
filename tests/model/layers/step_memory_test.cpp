// What training steps take from the system once they are under way: no tensor's memory, and no
// page.
#include "model/layers/step_memory.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <optional>
#include <thread>

#include "tests/model/layers/counting_allocator.h"
#include "tests/model/layers/every_spec.h"

namespace isoloss {
namespace {

[[maybe_unused]] const CountingAllocator& kInPlace = counting_allocator();

at::Tensor made() { return at::empty({1000}, at::kFloat); }

TEST(StepMemory, WhatWasDroppedServesTheNextOfItsSize) {
  const StepMemory memory;
  const StepMemory::Use use(memory);
  const void* first = made().data_ptr();
  const long before = counting_allocator().count;
  at::Tensor again = made();
  EXPECT_EQ(again.data_ptr(), first);
  EXPECT_EQ(counting_allocator().count, before);
  const at::Tensor beside = made();
  EXPECT_NE(beside.data_ptr(), first);
  EXPECT_EQ(counting_allocator().count, before + 1);
}

TEST(StepMemory, StartsTensorsOnCacheLines) {
  const StepMemory memory;
  const StepMemory::Use use(memory);
  for (const std::int64_t size : {1, 17, 1000, 1'000'000})
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(at::empty({size}, at::kFloat).data_ptr()) % 64, 0);
}

TEST(StepMemory, OutsideOfAUseNothingIsKept) {
  const StepMemory memory;
  { const StepMemory::Use use(memory); }
  made();
  const long before = counting_allocator().count;
  made();
  EXPECT_EQ(counting_allocator().count, before + 1);
}

TEST(StepMemory, WhatIsDroppedBetweenUsesGoesBack) {
  const StepMemory memory;
  at::Tensor kept;
  {
    const StepMemory::Use use(memory);
    kept = made();
  }
  kept.reset();
  const StepMemory::Use use(memory);
  const long before = counting_allocator().count;
  made();
  EXPECT_EQ(counting_allocator().count, before + 1);
}

TEST(StepMemory, TheInnermostUseCounts) {
  const StepMemory outer, inner;
  const StepMemory::Use use(outer);
  const void* of_outer = made().data_ptr();
  {
    const StepMemory::Use within(inner);
    const at::Tensor of_inner = made();
    EXPECT_NE(of_inner.data_ptr(), of_outer);
  }
  EXPECT_EQ(made().data_ptr(), of_outer);
}

TEST(StepMemory, ATensorOutlivesTheMemoryItIsFrom) {
  at::Tensor kept;
  {
    const StepMemory memory;
    const StepMemory::Use use(memory);
    kept = at::ones({1000}, at::kFloat);
  }
  EXPECT_EQ(kept.sum().item<float>(), 1000);
}

TEST(StepMemory, AnotherThreadMayDropATensor) {
  const StepMemory memory;
  const StepMemory::Use use(memory);
  std::optional<at::Tensor> tensor = made();
  const void* first = tensor->data_ptr();
  std::thread([&] { tensor.reset(); }).join();
  EXPECT_EQ(made().data_ptr(), first);
}

struct StepCase {
  std::string name;
  ModelSpec spec;
  ModelOptions options = {};
  StepOptions step = {};
  int threads = 1;
};

class SteadyState : public testing::TestWithParam<StepCase> {
 protected:
  void SetUp() override { set_intra_op_threads(GetParam().threads); }
  void TearDown() override { set_intra_op_threads(1); }
};

TEST_P(SteadyState, TakesNoTensorsMemoryFromTheSystem) {
  const StepCase& test = GetParam();
  LanguageModel model(test.spec, 1, test.options);
  const std::vector<std::int32_t> tokens = formula_tokens();
  for (int i = 0; i < 2; ++i) model.loss_and_gradients(tokens, test.step);
  const long before = counting_allocator().count;
  for (int i = 0; i < 3; ++i) model.loss_and_gradients(tokens, test.step);
  EXPECT_EQ(counting_allocator().count, before);
}

std::vector<StepCase> step_cases() {
  std::vector<StepCase> cases;
  for (const NamedSpec& entry : catalogue_specs()) {
    const auto add = [&](const std::string& which, ModelOptions options, StepOptions step = {},
                         int threads = 1) {
      cases.push_back({entry.name + which, entry.spec, options, step, threads});
    };
    add("", {});
    add("_float64", {Precision::Float64});
    add("_bfloat16", {Precision::BFloat16});
    add("_reference", {Precision::Float32, Kernels::Reference});
    add("_recompute", {Precision::Float32, Kernels::Fused, true});
    add("_micro_batches", {}, {.z_loss = 1e-4, .micro_batches = 2});
    add("_two_threads", {}, {}, 2);
  }
  for (const NamedSpec& changed : switch_specs()) cases.push_back({changed.name, changed.spec});
  return cases;
}
std::string name_of(const testing::TestParamInfo<StepCase>& info) { return info.param.name; }

INSTANTIATE_TEST_SUITE_P(Each, SteadyState, testing::ValuesIn(step_cases()), name_of);

long page_faults() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_minflt;
}

class Pages : public testing::TestWithParam<StepCase> {};

// 1024 tokens, whose temporary tensors are large enough for the system to take them back when they
// are freed. What else the process does may touch a page, so that not every stretch need be clean.
TEST_P(Pages, StepsUnderWayTouchNoNewOnes) {
  const StepCase& test = GetParam();
  LanguageModel model(test.spec, 1, test.options);
  const std::vector<std::int32_t> tokens(1024, 7);
  for (int i = 0; i < 3; ++i) model.loss_and_gradients(tokens, test.step);
  long fewest = page_faults();
  for (int stretch = 0; stretch < 20 && fewest > 0; ++stretch) {
    const long before = page_faults();
    for (int i = 0; i < 3; ++i) model.loss_and_gradients(tokens, test.step);
    fewest = std::min(fewest, page_faults() - before);
  }
  EXPECT_EQ(fewest, 0);
}

std::vector<StepCase> larger_cases() {
  std::vector<StepCase> cases;
  for (const CatalogueEntry& entry : architectures()) {
    NamedSpec named = changed_spec(entry.name, {});
    named.spec.d_model = 96;
    named.spec.d_head = 48;
    named.spec.d_ff = 384;
    named.spec.d_ff_gated = 256;
    named.spec.sequence = 128;
    named.spec.vocabulary = 2048;
    cases.push_back({named.name, named.spec});
    cases.push_back({named.name + "_bfloat16", named.spec, {Precision::BFloat16}});
  }
  return cases;
}

INSTANTIATE_TEST_SUITE_P(Each, Pages, testing::ValuesIn(larger_cases()), name_of);

}  // namespace
}  // namespace isoloss
