// A model trained long enough comes close to the best possible accuracy on its language, and none
// is above it by more than chance gives.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "harness/data/dataset.h"
#include "harness/scoring/one_shot.h"
#include "harness/training/trainer.h"
#include "tests/harness/tiny_study.h"
#include "tests/harness/training/periodic_training.h"

namespace isoloss {
namespace {

DataSpec small_language() {
  DataSpec data;
  data.kind = DataKind::Synthetic;
  data.synthetic.symbols = 8;
  data.synthetic.topics = 2;
  data.synthetic.zipf = 0.5;
  data.synthetic.mix_bigram = 0.3;
  data.synthetic.mix_trigram = 0.5;
  data.synthetic.concentration = data.synthetic.bigram_concentration = 0.3;
  data.synthetic.tokens = 400'000;
  return data;
}

RunSpec run_spec() {
  RunSpec spec;
  spec.model = named_architecture("primer");
  spec.model.layers = 2;
  spec.model.d_model = 32;
  spec.model.d_head = 16;
  spec.model.sequence = 32;
  spec.model.vocabulary = 8;
  spec.data = small_language();
  spec.evaluation.tasks = {"symbol-order"};
  spec.optimizer.learning_rate = 0.05;
  spec.optimizer.warmup_steps = 50;
  spec.optimizer.batch_tokens = 1024;
  return spec;
}

TEST(SymbolOrderTraining, ATrainedModelReachesTheBestAccuracyAndNoneIsAboveIt) {
  const tiny_study::Place place;
  const RunSpec spec = run_spec();
  const auto dataset = open_dataset(spec.data, spec.model.sequence, 4096, place.root);
  set_intra_op_threads(1);
  HostTrainingState state(spec);
  TrainingSegment segment{1200, {}};
  for (const std::int64_t step : {20, 300, 1000, 1100, 1200})
    segment.stops.push_back({step, static_cast<double>(step), BudgetUnit::Tokens});
  std::vector<Score> model, best;
  const auto listener = [&](const TrainingEvent& event) {
    const auto* score = std::get_if<Score>(&event);
    if (score == nullptr) return;
    (score->task == "symbol-order" ? model : best).push_back(*score);
  };
  ASSERT_EQ(train(state, spec, *dataset, segment, listener, kNeverStop), TrainingOutcome::Reached);
  ASSERT_EQ(model.size(), 5U);
  ASSERT_EQ(best.size(), 5U);
  // The best is an expectation over which order is the true one; what a predictor gets on these
  // items scatters about it. A model as good as the best is above it by more than one standard
  // error at one stop in six, so the report, which shows one trial, says so at one and a test of
  // five stops fails at three (one stop in 740).
  const double expected = best.front().value;
  const double scatter = std::sqrt(expected * (1 - expected) / static_cast<double>(best.front().n));
  for (const Score& score : model) {
    EXPECT_EQ(best.front().value, expected);
    EXPECT_LT(score.value, expected + 3 * scatter) << "after " << score.step << " steps";
  }
  const double trained = (model[2].value + model[3].value + model[4].value) / 3;
  EXPECT_GE(trained, 0.95 * expected);
  EXPECT_GT(trained, model.front().value);
}

}  // namespace
}  // namespace isoloss
