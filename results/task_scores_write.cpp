#include <fmt/format.h>

#include <set>

#include "model/spec/error.h"
#include "results/durable_file.h"
#include "results/file_seal.h"
#include "results/hdf5_rows.h"
#include "results/task_scores_fields.h"
#include "results/task_scores_file.h"

namespace isoloss {

namespace {

// HDF5 ends a text at its first NUL, and a model may write one: \0 and \\ stand for NUL and
// backslash.
std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '\0')
      out += "\\0";
    else if (c == '\\')
      out += "\\\\";
    else
      out += c;
  }
  return out;
}

void check_values(const TaskScores& scores) {
  const auto refuse = [&](const std::string& why, const std::string& advice) -> void {
    throw WorkError(
        fmt::format("cannot store scores of task '{}' ({}); {}", scores.task, why, advice));
  };
  std::set<std::string> names;
  for (const std::string& metric : scores.metrics) {
    if (!names_a_dataset(metric))
      refuse(fmt::format("metric '{}' cannot be a dataset's name", metric),
             "name it in plain letters");
    if (!names.insert(metric).second)
      refuse(fmt::format("metric '{}' is there twice", metric), "name each metric once");
  }
  if (!scores.figures.empty() && scores.figures.size() != scores.metrics.size())
    refuse(fmt::format("{} figures and {} metrics", scores.figures.size(), scores.metrics.size()),
           "give each metric its figure, or none");
  for (const TaskItem& item : scores.items)
    if (item.values.size() != scores.metrics.size())
      refuse(fmt::format("item '{}' has {} values and the task {} metrics", item.id,
                         item.values.size(), scores.metrics.size()),
             "compute every metric of every item");
}

void write_items(hid_t root, const std::vector<TaskItem>& items) {
  const Hdf5Handle group = create_group(root, "items");
  const hid_t at = group.get();
  using Item = const TaskItem&;
  write_rows(at, {"contaminated", "1", "1 where the training text holds the item"}, items,
             [](Item i) { return std::int64_t{i.contaminated}; });
  write_rows(at, {"truncated_tokens", "tokens", "dropped at the left of the prompt"}, items,
             [](Item i) { return i.truncated_tokens; });
  write_rows(at, {"gold_bits_per_byte", "bits/byte", "of the right answer; 0 where there is none"},
             items, [](Item i) { return i.gold_bits_per_byte; });
  write_rows(at, {"id", "1", "unique in the task"}, items, [](Item i) { return escaped(i.id); });
  write_rows(at, {"cluster", "1", "what items share; the id where nothing is shared"}, items,
             [](Item i) { return escaped(i.cluster); });
  write_rows(at, {"generated", "1", "what the model wrote; \\0 is NUL, \\\\ a backslash"}, items,
             [](Item i) { return escaped(i.generated); });
}

void write_golds(hid_t root, const std::vector<TaskItem>& items) {
  std::vector<std::int64_t> item;
  std::vector<std::string> text;
  for (std::size_t i = 0; i < items.size(); ++i)
    for (const std::string& gold : items[i].golds) {
      item.push_back(static_cast<std::int64_t>(i));
      text.push_back(escaped(gold));
    }
  const Hdf5Handle group = create_group(root, "golds");
  write_column(group.get(), {"item", "1", "row of items"}, item);
  write_column(group.get(), {"text", "1", "an accepted answer"}, text);
}

void write_figures(hid_t root, const TaskScores& scores) {
  const Hdf5Handle group = create_group(root, "figures");
  using Figure = const MetricFigure&;
  write_rows(group.get(), {"value", "1", "of each metric over all items; none: means of values"},
             scores.figures, [](Figure f) { return f.value; });
  write_rows(group.get(), {"standard_error", "1", "of value, clusters taken together"},
             scores.figures, [](Figure f) { return f.standard_error; });
}

void write_values(hid_t root, const TaskScores& scores) {
  write_column(root, {"metrics", "1", "names of the datasets of values; the first is the task's"},
               scores.metrics);
  const Hdf5Handle group = create_group(root, "values");
  for (std::size_t m = 0; m < scores.metrics.size(); ++m)
    write_rows(group.get(), {scores.metrics[m], "1", "of each item; the score is their mean"},
               scores.items, [m](const TaskItem& item) { return item.values[m]; });
}

void write_choices(hid_t root, const std::vector<ChoiceRow>& rows) {
  const Hdf5Handle group = create_group(root, "choices");
  const hid_t at = group.get();
  using Row = const ChoiceRow&;
  write_rows(at, {"item", "1", "row of items"}, rows, [](Row r) { return r.item; });
  write_rows(at, {"choice", "1", "0, 1, ... within the item"}, rows,
             [](Row r) { return r.choice; });
  write_rows(at, {"gold", "1", "1 where it is right"}, rows,
             [](Row r) { return std::int64_t{r.gold}; });
  write_rows(at, {"log_probability", "nats", "of the continuation, summed over its tokens"}, rows,
             [](Row r) { return r.log_probability; });
  write_rows(at, {"unconditional", "nats", "of the same after the answer context; else 0"}, rows,
             [](Row r) { return r.unconditional; });
  write_rows(at, {"tokens", "tokens", "of the continuation"}, rows, [](Row r) { return r.tokens; });
  write_rows(at, {"bytes", "bytes", "of the text that was scored"}, rows,
             [](Row r) { return r.bytes; });
  write_rows(at, {"code_points", "1", "of the choice without its delimiter"}, rows,
             [](Row r) { return r.code_points; });
  write_rows(at, {"greedy", "1", "1 where every token was the most likely one"}, rows,
             [](Row r) { return std::int64_t{r.greedy}; });
}

}  // namespace

std::string task_scores_bytes(const TaskScores& scores) {
  check_values(scores);
  const QuietHdf5 quiet;
  try {
    const Hdf5Handle file = create_in_memory();
    const Hdf5Handle root = open_group(file.get(), "/");
    write_attribute(root.get(), "format", std::string(kScoresFormat));
    write_attribute(root.get(), "format_version", static_cast<std::int64_t>(kRunFileVersion));
    visit_attributes(scores, [&](const char* name, const auto& value) {
      write_attribute(root.get(), name, value);
    });
    if (scores.overlap_searched)
      write_attribute(root.get(), kOverlapSearched, std::int64_t{*scores.overlap_searched});
    if (!scores.weights.empty()) write_attribute(root.get(), kScoredWeights, scores.weights);
    write_items(root.get(), scores.items);
    write_golds(root.get(), scores.items);
    write_values(root.get(), scores);
    write_figures(root.get(), scores);
    write_choices(root.get(), scores.rows);
    return sealed(file_image(file));
  } catch (const Hdf5Error& error) {
    throw WorkError("cannot build the file of scores of task '" + scores.task + "' (" +
                    error.what() + "); check the memory that is left and score again");
  }
}

void write_task_scores(const std::filesystem::path& path, const TaskScores& scores) {
  write_durably(path, task_scores_bytes(scores));
}

}  // namespace isoloss
