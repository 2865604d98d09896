// Tasks whose accuracy is known: task loss 0.5 + 30 (s C)^-0.15 with s an architecture's saving,
// and accuracy 0.25 + 0.7 / (1 + e^(6 (loss - 1))), with noise where it is asked for.
#pragma once
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "analysis/scores/accuracy_points.h"
#include "model/spec/counter_random.h"

namespace isoloss {

inline double fixture_task_loss(double flops, double saving) {
  return 0.5 + 30 * std::pow(saving * flops, -0.15);
}
inline double fixture_accuracy(double loss) { return 0.25 + 0.7 / (1 + std::exp(6 * (loss - 1))); }

struct AccuracyRecipe {
  std::vector<std::pair<std::string, double>> architectures{{"transformer", 1}, {"primer", 2}};
  std::vector<double> budgets{1e11, 3e11, 1e12, 3e12, 1e13, 3e13};
  double loss_noise = 0;      // of ln loss, by run
  double accuracy_noise = 0;  // by run
  double shift = 0;           // of the second architecture's middle
  std::uint64_t seed = 1;
};

// One run a budget and architecture, its size the best.
inline AccuracyTask accuracy_task(const AccuracyRecipe& recipe) {
  AccuracyTask task;
  task.task = "hellaswag";
  task.profile = "gpt3";
  task.metric = "accuracy";
  task.chance = 0.25;
  task.items = 1000;
  task.gold_bits = true;
  const std::uint64_t stream = stream_of("accuracy fixture");
  std::uint64_t drawn = 0;
  for (std::size_t a = 0; a < recipe.architectures.size(); ++a) {
    for (const double budget : recipe.budgets) {
      AccuracyPoint point;
      point.architecture = recipe.architectures[a].first;
      point.run = point.architecture + std::to_string(budget);
      point.size = "best";
      point.parameters = std::sqrt(budget / 120);
      point.tokens = 20 * point.parameters;
      point.flops = point.budget = budget;
      const double loss = fixture_task_loss(budget, recipe.architectures[a].second);
      point.task_loss =
          loss * std::exp(recipe.loss_noise * random_normal(recipe.seed, stream, drawn++));
      point.accuracy = fixture_accuracy(loss - (a == 1 ? recipe.shift : 0)) +
                       recipe.accuracy_noise * random_normal(recipe.seed, stream, drawn++);
      point.standard_error = 0.015;
      task.points.push_back(point);
    }
  }
  return task;
}

}  // namespace isoloss
