// What the tests of this room share: a folder of their own and a run with values that are awkward
// to store (negative zero, denormals, infinities, the largest seed, text beyond ASCII).
#pragma once
#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <limits>
#include <numeric>
#include <string>
#include <utility>

#include "results/run_record.h"
#include "tests/temporary_folder.h"

namespace isoloss {

class ResultsTest : public ::testing::Test {
 protected:
  std::size_t entries() const {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder_),
                                                  std::filesystem::directory_iterator()));
  }

 private:
  test::TemporaryFolder own_;

 protected:
  const std::filesystem::path folder_ = own_.path();
};

inline RunHeader sample_header() {
  RunHeader header;
  header.id = "0123456789abcdef";
  header.study = "caf\u00e9";
  header.spec_json = R"({"model":{"d_model":32},"note":"a \"quoted\" word"})";
  header.code_version = "0.1.0";
  header.machine = "a processor @ 2.00GHz";
  header.ranks = 2;
  header.threads = 1;
  header.architecture = "transformer++";
  header.size = "s";
  header.seed = std::numeric_limits<std::uint64_t>::max();
  header.learning_rate = 0.1;
  header.layers = 4;
  header.d_model = 32;
  header.parameters_total = 60'000;
  header.parameters_embedding = 8'192;
  header.flops_per_token = {{"exact", 400'000.5}, {"6N", 360'000}};
  header.batch_tokens = 1'024;
  header.sequence = 128;
  header.tokenizer = "bytes";
  header.tokenizer_hash = "aa";
  header.held_out_hash = "bb";
  header.bytes_per_token = 2;
  header.training_tokens = 10'240;
  header.floor = 1.25;
  header.predicted_step_seconds = 0.125;
  header.predicted_memory_bytes = 2e8;
  header.peak_memory_bytes = 1.75e8;
  return header;
}

inline StepMetrics sample_step(std::int64_t step) {
  const double x = static_cast<double>(step);
  return {step, 3 + 0.1 / x, 0.01 / x, 1.5, 0.25 * x};
}

inline Evaluation sample_evaluation(std::int64_t step) {
  Evaluation evaluation;
  evaluation.step = step;
  evaluation.tokens = 1024.0 * static_cast<double>(step);
  evaluation.flops = 1e9 * static_cast<double>(step) + 1;
  evaluation.seconds = 0.5 * static_cast<double>(step);
  evaluation.budget = 2e11;
  evaluation.budget_unit = "flops";
  evaluation.sequence_losses = {2.5F, 3.5F, 3.0F};
  evaluation.loss = 3;
  evaluation.selection_loss = 2.9;
  evaluation.standard_error = 0.288675;
  evaluation.forward_seconds = 1.25e-5;
  return evaluation;
}

inline Score sample_score(std::int64_t step) {
  return {step, "last word", "accuracy", 0.5, 0.05, 100, 0.25};
}

inline RunRecord sample_record() {
  RunRecord record;
  record.header = sample_header();
  for (std::int64_t step = 1; step <= 20; ++step) record.steps.push_back(sample_step(step));
  record.steps[1].loss = -0.0;
  record.steps[2].loss = std::numeric_limits<double>::denorm_min();
  record.steps[3].gradient_norm = std::numeric_limits<double>::infinity();
  record.evaluations = {sample_evaluation(10), sample_evaluation(20)};
  record.scores = {sample_score(20)};
  record.state = RunState::Diverged;
  record.reason = "loss is not finite at step 21";
  return record;
}

}  // namespace isoloss
