// Tasks made from a study's own text move with training at the size of a test: what a model of
// thousands of parameters learns of a text in seconds shows in them.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "harness/data/dataset.h"
#include "harness/oneshot/text_task.h"
#include "harness/training/trainer.h"
#include "model/spec/counter_random.h"
#include "tests/harness/tiny_study.h"
#include "tests/harness/training/periodic_training.h"

namespace isoloss {
namespace {

// Eight people in turn, each bound for a place of their own with a thing that chance gives them.
std::string journeys(std::size_t sentences) {
  const char* people[] = {"smith", "monk", "baker", "queen", "sailor", "miller", "nurse", "thief"};
  const char* places[] = {"forge", "abbey", "oven", "court", "boat", "river", "bed", "jail"};
  const char* things[] = {"lamp", "rope", "coin", "book", "cup", "hat"};
  std::string text;
  for (std::size_t i = 0; i < sentences; ++i)
    text += std::string("A ") + people[i % 8] + " took a " + things[random_below(11, 1, i, 6)] +
            " to the " + places[i % 8] + (i % 8 == 7 ? ".\n" : ". ");
  return text;
}

RunSpec text_run(const tiny_study::Place& place) {
  std::ofstream(place.root / "text") << journeys(12'000);
  RunSpec spec;
  spec.model = named_architecture("primer");
  spec.model.layers = 2;
  spec.model.d_model = 32;
  spec.model.d_head = 16;
  spec.model.sequence = 256;
  spec.model.vocabulary = 256;
  spec.data.files = {(place.root / "text").string()};
  spec.data.validation = 0.2;
  spec.evaluation.tasks = {"last-word", "continuation", "next-passage", "sentence-order"};
  spec.optimizer.learning_rate = 0.05;
  spec.optimizer.warmup_steps = 50;
  spec.optimizer.batch_tokens = 1024;
  return spec;
}

// Share of last words of which every byte is the likeliest after the truth before it.
double last_words_by_hand(const LanguageModel& model, const Dataset& data) {
  const EncodeFunction encode = [&](const std::string& text) { return data.encode(text); };
  const OneShotTask task =
      text_task("last-word", {data.held_out_text(), encode, model.spec().sequence, 1});
  double right = 0;
  for (const OneShotItem& item : task.items) {
    std::vector<std::int32_t> asked = encode(item.shot + item.context + item.answers[0]);
    const std::size_t first = asked.size() - item.answers[0].size();
    std::vector<std::int32_t> read = asked;
    read.insert(read.begin(), 0);  // as training reads
    read.pop_back();
    const std::vector<double> logits = model.logits(read, std::ssize(read));
    bool likeliest = true;
    for (std::size_t i = first; i < asked.size(); ++i) {
      const auto row = std::span(logits).subspan(256 * i, 256);
      likeliest = likeliest && std::ranges::max_element(row) - row.begin() == asked[i];
    }
    right += likeliest ? 1 : 0;
  }
  return right / static_cast<double>(task.items.size());
}

TEST(TextTaskTraining, ATrainedModelScoresAboveChanceAndAboveItsBeginning) {
  const tiny_study::Place place;
  const RunSpec spec = text_run(place);
  const auto dataset = open_dataset(spec.data, spec.model.sequence, 4096, place.root / "cache");
  set_intra_op_threads(1);
  HostTrainingState state(spec);
  TrainingSegment segment{800, {{5, 5, BudgetUnit::Tokens}, {800, 800, BudgetUnit::Tokens}}};
  std::map<std::string, std::vector<Score>> scores;
  const auto listener = [&](const TrainingEvent& event) {
    if (const auto* score = std::get_if<Score>(&event)) scores[score->task].push_back(*score);
  };
  ASSERT_EQ(train(state, spec, *dataset, segment, listener, kNeverStop), TrainingOutcome::Reached);
  ASSERT_EQ(scores.size(), spec.evaluation.tasks.size());
  for (const auto& [task, of] : scores) {
    ASSERT_EQ(of.size(), 2U) << task;
    // What a guess gets scatters so about chance.
    const double chance = of[1].chance;
    const double scatter = std::sqrt(chance * (1 - chance) / static_cast<double>(of[1].n));
    EXPECT_GT(of[1].value, chance + 3 * scatter) << task;
    EXPECT_GT(of[1].value, of[0].value) << task;
  }
  EXPECT_DOUBLE_EQ(scores.at("last-word")[1].value, last_words_by_hand(state.model(), *dataset));
}

}  // namespace
}  // namespace isoloss
