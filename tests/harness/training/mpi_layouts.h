// Small runs on the ranks of an MPI job, as every tensor x data that makes them up, and the same on
// this rank alone.
#pragma once
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "harness/ranks/rank_groups.h"
#include "harness/training/trainer.h"
#include "model/spec/spec_fields.h"
#include "sweeps/optimizer_fields.h"
#include "tests/harness/mpi_job.h"
#include "tests/harness/training/periodic_training.h"

namespace isoloss {

struct Case {
  std::string architecture;
  OptimizerKind optimizer;
  std::string dtype;
  double bound;
  std::vector<std::pair<std::string, std::string>> changes = {};
  bool recompute = false;
};

inline void PrintTo(const Case& of, std::ostream* out) {
  *out << of.architecture << " " << name_of(of.optimizer) << " " << of.dtype;
  for (const auto& [field, value] : of.changes) *out << " " << field << " " << value;
  if (of.recompute) *out << " recompute";
}

// Four heads and hidden channels that four ranks share, a vocabulary that neither two nor four
// divide; eight rows a batch. Matrices of 32 are factored.
inline RunSpec spec_of(const Case& of) {
  RunSpec spec = tiny_spec(of.optimizer);
  spec.model = named_architecture(of.architecture);
  spec.model.layers = 2;
  spec.model.d_model = 32;
  spec.model.d_head = 8;
  spec.model.heads = 4;
  if (spec.model.kv_heads > 0) spec.model.kv_heads = 4;
  spec.model.d_ff = 64;
  spec.model.d_ff_gated = 48;
  spec.model.sequence = 16;
  spec.model.vocabulary = 17;
  spec.model.relative_buckets = 8;
  spec.model.relative_max_distance = 16;
  spec.optimizer.min_dim_factored = 16;
  spec.optimizer.batch_tokens = 128;
  spec.dtype = of.dtype;
  spec.recompute = of.recompute;
  for (const auto& [field, value] : of.changes) set_field(spec.model, field, value);
  return spec;
}

inline std::vector<RankLayout> layouts() {
  std::vector<RankLayout> result;
  for (int tensor = 1; tensor <= job->size(); tensor *= 2)
    result.push_back({tensor, job->size() / tensor});
  return result;
}

struct Trained {
  std::vector<double> losses, norms;
  double held_out = 0;
  StoredState state;  // of the leading rank
};

inline Trained train_to(TrainingState& state, const RunSpec& spec, std::int64_t step) {
  const PeriodicData data(spec.model.sequence);
  Heard heard;
  train(state, spec, data, {step, {{step, 1, BudgetUnit::Tokens}}}, heard.listener(), kNeverStop);
  Trained result;
  for (const StepMetrics& metrics : heard.steps) {
    result.losses.push_back(metrics.loss);
    result.norms.push_back(metrics.gradient_norm);
  }
  result.held_out = heard.evaluations.at(0).loss;
  result.state = stored(state);
  return result;
}

inline Trained alone(const RunSpec& spec, std::int64_t steps) {
  HostTrainingState state(spec);
  return train_to(state, spec, steps);
}

inline void expect_equal(const Trained& got, const Trained& want, double bound) {
  ASSERT_EQ(got.losses.size(), want.losses.size());
  for (std::size_t i = 0; i < want.losses.size(); ++i) {
    EXPECT_NEAR(got.losses[i], want.losses[i], bound) << "step " << i + 1;
    // A sum over all gradients: AdamW's first steps are their signs, which amplifies rounding.
    EXPECT_NEAR(got.norms[i], want.norms[i], 10 * bound * std::max(1.0, want.norms[i])) << i + 1;
  }
  EXPECT_NEAR(got.held_out, want.held_out, bound < 1e-6 ? 1e-6 : bound);  // held as float
}

}  // namespace isoloss
