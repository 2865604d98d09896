// What an Adafactor step and clipping cost beside their arithmetic: no bit by thread count, no
// memory by step.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <new>

#include "harness/training/adafactor.h"
#include "harness/training/gradient_norm.h"
#include "model/layers/language_model.h"
#include "model/spec/counter_random.h"

namespace {

std::atomic<long> allocations{0};

}  // namespace

// Every allocation of this program is counted. GCC takes one of the two that it inlines for the
// standard library's.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace isoloss {
namespace {

// Factored with whole and broken blocks of rows, and not; large enough for threads, and not.
ParameterTable tensors() {
  ParameterTable table;
  for (const std::vector<std::int64_t>& shape :
       {std::vector<std::int64_t>{300, 257}, {130, 128}, {100'003}, {7}}) {
    Parameter p{.name = "t", .shape = shape, .offset = table.buffer_size};
    p.name += std::to_string(table.parameters.size());
    table.buffer_size += p.size() + 3;
    table.parameters.push_back(p);
  }
  return table;
}

struct Training {
  Training() : table(tensors()), weights(static_cast<std::size_t>(table.buffer_size)) {
    state.resize(static_cast<std::size_t>(adafactor_state_table(table, spec).buffer_size));
    gradients.resize(weights.size());
    for (std::size_t i = 0; i < weights.size(); ++i) {
      weights[i] = static_cast<float>(random_normal(1, 1, i));
      gradients[i] = static_cast<float>(random_normal(1, 2, i));
    }
  }
  void step() {
    adafactor_step<float>(table, spec, 0.05, t++, gradients, weights, state, nullptr, &scratch);
  }

  OptimizerSpec spec;
  ParameterTable table;
  std::vector<float> weights, gradients, state;
  AdafactorScratch scratch;
  std::int64_t t = 0;
};

TEST(AdafactorSteps, ThreadsChangeNoBit) {
  std::vector<std::vector<float>> weights, states;
  for (const int threads : {1, 2, 3}) {
    set_intra_op_threads(threads);
    Training training;
    for (int i = 0; i < 3; ++i) training.step();
    weights.push_back(training.weights);
    states.push_back(training.state);
  }
  set_intra_op_threads(1);
  EXPECT_EQ(weights[1], weights[0]);
  EXPECT_EQ(weights[2], weights[0]);
  EXPECT_EQ(states[1], states[0]);
  EXPECT_EQ(states[2], states[0]);
}

TEST(AdafactorSteps, AllocateNothingAfterTheFirst) {
  Training training;
  training.step();
  const long before = allocations;
  for (int i = 0; i < 3; ++i) training.step();
  EXPECT_EQ(allocations - before, 0);
}

TEST(GradientNorm, AllocatesNothingOnceThreadsAreThere) {
  Training training;
  const double first = global_norm<float>(training.table, training.gradients);
  const long before = allocations;
  const double second = global_norm<float>(training.table, training.gradients);
  EXPECT_EQ(allocations - before, 0);
  EXPECT_EQ(second, first);
}

}  // namespace
}  // namespace isoloss
