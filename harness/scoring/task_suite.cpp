#include "harness/scoring/task_suite.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "harness/oneshot/datasets/task_data_file.h"
#include "harness/oneshot/own_items.h"
#include "harness/oneshot/shots.h"
#include "model/spec/counter_random.h"
#include "model/spec/error.h"
#include "results/file_seal.h"

namespace isoloss {
namespace {

using Items = std::vector<nlohmann::json>;

// Groups in the order of their draws, until `most` items of them are asked.
std::set<std::string> drawn_groups(const TaskCard& card, const Items& items, std::int64_t most,
                                   std::uint64_t seed) {
  const std::map<std::string, std::int64_t> sizes = asked_by_group(card, items);
  std::vector<std::pair<double, std::string>> order;
  for (const auto& [group, size] : sizes)
    order.emplace_back(random_uniform(seed, checksum(card.task), checksum(group)), group);
  std::sort(order.begin(), order.end());
  std::set<std::string> drawn;
  std::int64_t held = 0;
  for (const auto& [draw, group] : order) {
    if (held >= most) break;
    held += sizes.at(group);
    drawn.insert(group);
  }
  return drawn;
}

}  // namespace

TaskSuite public_suite(std::vector<TaskCard> cards, const TaskDataFile& data) {
  TaskSuite suite;
  for (TaskCard& card : cards) {
    if (!data.has(card.data)) {
      suite.absent.push_back(std::move(card));
      continue;
    }
    try {
      TaskDataSet set = data.read(card.data);
      EvaluationItems items{data.digest(card.data), std::move(set.items), std::move(set.shots)};
      if (items.shown.empty()) items.shown = items.items;
      suite.tasks.push_back({std::move(card), std::move(items)});
    } catch (const InputError& error) {
      suite.left_out.push_back(card.task + ": " + error.what());
    }
  }
  return suite;
}

void leave_out_absent(TaskSuite& suite) {
  for (const TaskCard& card : suite.absent)
    suite.left_out.push_back(card.task + ": data set '" + card.data +
                             "' is not in the task data file (missing when it was made); get it "
                             "and run isoloss data prepare-tasks again");
  suite.absent.clear();
}

SuiteTask own_task(TaskCard card, std::int64_t shots) {
  EvaluationItems items = items_beside_card(card, shots);
  return {std::move(card), std::move(items)};
}

TaskSuite own_suite(std::span<const std::filesystem::path> files, std::int64_t shots) {
  TaskSuite suite;
  for (const std::filesystem::path& file : files) {
    try {
      suite.tasks.push_back(own_task(read_card(file), shots));
    } catch (const InputError& error) {
      suite.left_out.emplace_back(error.what());
    }
  }
  return suite;
}

void keep_some(TaskSuite& suite, std::int64_t most, std::uint64_t seed) {
  for (SuiteTask& task : suite.tasks) {
    const auto kept = drawn_groups(task.card, task.data.items, most, seed);
    std::erase_if(task.data.items,
                  [&](const nlohmann::json& item) { return !kept.contains(group_of(item)); });
  }
}

TaskScores score_task(const SuiteTask& task, Scorer& scorer, const TaskScores& model,
                      const EvaluationOptions& options) {
  TaskScores scores = evaluate_task(task.card, task.data, scorer, options);
  scores.model = model.model;
  scores.trial = model.trial;
  scores.step = model.step;
  scores.flops = model.flops;
  scores.tokenizer = model.tokenizer;
  scores.weights = model.weights;
  return scores;
}

}  // namespace isoloss
