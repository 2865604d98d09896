#include <fmt/format.h>

#include "model/spec/error.h"
#include "results/durable_file.h"
#include "results/file_seal.h"
#include "results/hdf5_rows.h"
#include "results/task_scores_fields.h"
#include "results/task_scores_file.h"

namespace isoloss {

namespace {

// The writer's \0 and \\ back to NUL and backslash.
std::string unescaped(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      out += text[i];
      continue;
    }
    if (++i == text.size() || (text[i] != '0' && text[i] != '\\'))
      throw Hdf5Error("a text with a backslash that escapes nothing");
    out += text[i] == '0' ? '\0' : '\\';
  }
  return out;
}

void read_figures(hid_t root, TaskScores& scores) {
  const Hdf5Handle group = open_group(root, "figures");
  const std::vector<double> value = read_reals(group.get(), "value");
  const std::vector<double> error = read_reals(group.get(), "standard_error");
  if (value.size() != error.size() || (!value.empty() && value.size() != scores.metrics.size()))
    throw Hdf5Error("figures has not one row a metric");
  for (std::size_t m = 0; m < value.size(); ++m) scores.figures.push_back({value[m], error[m]});
}

std::vector<TaskItem> read_items(hid_t root) {
  RowReader<TaskItem> items(root, "items", "contaminated");
  items.set("contaminated", &TaskItem::contaminated);
  items.set("truncated_tokens", &TaskItem::truncated_tokens);
  items.set("gold_bits_per_byte", &TaskItem::gold_bits_per_byte);
  items.set("id", &TaskItem::id);
  items.set("cluster", &TaskItem::cluster);
  items.set("generated", &TaskItem::generated);
  for (TaskItem& item : items.rows()) {
    item.id = unescaped(item.id);
    item.cluster = unescaped(item.cluster);
    item.generated = unescaped(item.generated);
  }
  return std::move(items.rows());
}

// Index of `item` among `items`; Hdf5Error where it is none.
std::size_t place_of(std::int64_t item, const std::vector<TaskItem>& items,
                     const std::string& group) {
  if (item < 0 || static_cast<std::size_t>(item) >= items.size())
    throw Hdf5Error(fmt::format("dataset {}/item names item {} of {}", group, item, items.size()));
  return static_cast<std::size_t>(item);
}

void read_golds(hid_t root, std::vector<TaskItem>& items) {
  const Hdf5Handle group = open_group(root, "golds");
  const std::vector<std::int64_t> item = read_integers(group.get(), "item");
  const std::vector<std::string> text = read_texts(group.get(), "text");
  if (item.size() != text.size()) throw Hdf5Error("golds has columns of different lengths");
  for (std::size_t i = 0; i < item.size(); ++i)
    items[place_of(item[i], items, "golds")].golds.push_back(unescaped(text[i]));
}

void read_values(hid_t root, TaskScores& scores) {
  scores.metrics = read_texts(root, "metrics");
  const Hdf5Handle group = open_group(root, "values");
  for (const std::string& metric : scores.metrics) {
    const std::vector<double> values = read_reals(group.get(), metric);
    if (values.size() != scores.items.size())
      throw Hdf5Error("dataset values/" + metric + " has another length than items");
    for (std::size_t i = 0; i < values.size(); ++i) scores.items[i].values.push_back(values[i]);
  }
}

std::vector<ChoiceRow> read_choices(hid_t root, const std::vector<TaskItem>& items) {
  RowReader<ChoiceRow> rows(root, "choices", "item");
  rows.set("item", &ChoiceRow::item);
  rows.set("choice", &ChoiceRow::choice);
  rows.set("gold", &ChoiceRow::gold);
  rows.set("log_probability", &ChoiceRow::log_probability);
  rows.set("unconditional", &ChoiceRow::unconditional);
  rows.set("tokens", &ChoiceRow::tokens);
  rows.set("bytes", &ChoiceRow::bytes);
  rows.set("code_points", &ChoiceRow::code_points);
  rows.set("greedy", &ChoiceRow::greedy);
  for (const ChoiceRow& row : rows.rows()) place_of(row.item, items, "choices");
  return std::move(rows.rows());
}

TaskScores read_scores_root(hid_t root) {
  std::string format;
  read_attribute(root, "format", format);
  if (format != kScoresFormat) throw Hdf5Error("attribute format is '" + format + "'");
  TaskScores scores;
  visit_attributes(scores,
                   [&](const char* name, auto& value) { read_attribute(root, name, value); });
  if (has_attribute(root, kOverlapSearched)) {
    std::int64_t searched = 0;
    read_attribute(root, kOverlapSearched, searched);
    scores.overlap_searched = searched != 0;
  }
  if (has_attribute(root, kScoredWeights)) read_attribute(root, kScoredWeights, scores.weights);
  scores.items = read_items(root);
  read_golds(root, scores.items);
  read_values(root, scores);
  read_figures(root, scores);
  scores.rows = read_choices(root, scores.items);
  return scores;
}

}  // namespace

TaskScores task_scores_from(std::string_view bytes, const std::filesystem::path& path) {
  const std::span<const char> image = unsealed(bytes, path);
  const QuietHdf5 quiet;
  try {
    const Hdf5Handle file = open_image(image);
    const Hdf5Handle root = open_group(file.get(), "/");
    return read_scores_root(root.get());
  } catch (const Hdf5Error& error) {
    throw InputError("cannot read " + path.string() + " (" + error.what() +
                     "); remove it and score the model again");
  }
}

TaskScores read_task_scores(const std::filesystem::path& path) {
  return task_scores_from(read_file(path), path);
}

}  // namespace isoloss
