// What a model scored on a one-shot task, item by item: raw rows, from which every metric can be
// computed again, and the metrics as they were computed. One HDF5 file a model, task and profile,
// apart from the run's own file, so that `eval` never rewrites a run.
#pragma once
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace isoloss {

// Profile of the tasks that are made from a study's own data, which training scores itself.
inline constexpr const char* kStudyProfile = "study";

// One continuation of an item that was scored.
struct ChoiceRow {
  std::int64_t item = 0;    // index into TaskScores::items
  std::int64_t choice = 0;  // 0, 1, ... within the item
  bool gold = false;
  double log_probability = 0;  // nats, sum over the continuation
  double unconditional = 0;    // of the same continuation after the card's answer context; else 0
  std::int64_t tokens = 0;
  std::int64_t bytes = 0;        // UTF-8, of the text that was scored
  std::int64_t code_points = 0;  // of the choice without its delimiter
  bool greedy = false;

  bool operator==(const ChoiceRow&) const = default;
};

struct TaskItem {
  std::string id;       // unique in the task
  std::string cluster;  // what items share: a passage, a question; the id where nothing is shared
  bool contaminated = false;
  std::int64_t truncated_tokens = 0;
  std::string generated;           // of tasks that write an answer or choose a phrase
  std::vector<std::string> golds;  // accepted answers, of tasks that write one
  double gold_bits_per_byte = 0;   // of the right answer; 0 where the task has none
  std::vector<double> values;      // one a metric, in TaskScores::metrics' order

  bool operator==(const TaskItem&) const = default;
};

// A metric over all items, as it was computed with its card.
struct MetricFigure {
  double value = 0;
  double standard_error = 0;  // items of one cluster taken together; NaN of one cluster

  // NaN is equal to NaN: an error that is not known has not changed.
  bool operator==(const MetricFigure& other) const {
    return value == other.value &&
           (standard_error == other.standard_error ||
            (std::isnan(standard_error) && std::isnan(other.standard_error)));
  }
};

struct TaskScores {
  std::string model;      // run id, or hf:FOLDER
  std::string trial;      // trial id; empty for a model from elsewhere
  std::int64_t step = 0;  // of the checkpoint; 0 for a model from elsewhere
  double flops = 0;       // exact, spent by then; 0 likewise
  std::string task;
  std::string profile;  // gpt3, lmeval, own or study
  std::int64_t shots = 1;
  std::int64_t suite_seed = 0;
  std::string card_digest;
  std::string data_digest;
  std::string tokenizer;
  std::string weights;  // of what scored (NamedModel::weights); empty: not known
  // Whether training text was searched for the items; absent: not known (of earlier versions).
  std::optional<bool> overlap_searched;
  double chance = 0;                 // of the first metric
  std::vector<std::string> metrics;  // accuracy, exact_match, f1, ...; the first is the task's own
  // One a metric; or none where every figure is the mean of the items' values. The first one always
  // is that mean; perplexity and pooled F1 are not.
  std::vector<MetricFigure> figures;
  std::vector<TaskItem> items;
  std::vector<ChoiceRow> rows;  // in order of (item, choice)

  bool operator==(const TaskScores&) const = default;
};

}  // namespace isoloss
