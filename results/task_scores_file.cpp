#include "results/task_scores_file.h"

#include <fmt/format.h>

#include <set>

#include "model/spec/error.h"
#include "results/durable_file.h"
#include "results/file_seal.h"
#include "results/folder_entries.h"
#include "results/hdf5_rows.h"
#include "results/set_aside.h"

namespace isoloss {

namespace fs = std::filesystem;

namespace {

constexpr const char* kScoresFormat = "isoloss scores";

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

// Name and place of each attribute of the root, for writing and reading alike.
template <class Scores, class Visit>
void visit_attributes(Scores& scores, const Visit& visit) {
  visit("model", scores.model);
  visit("trial", scores.trial);
  visit("step", scores.step);
  visit("flops", scores.flops);
  visit("task", scores.task);
  visit("profile", scores.profile);
  visit("shots", scores.shots);
  visit("suite_seed", scores.suite_seed);
  visit("card_digest", scores.card_digest);
  visit("data_digest", scores.data_digest);
  visit("tokenizer", scores.tokenizer);
  visit("chance", scores.chance);
}

bool names_a_dataset(const std::string& name) {
  return !name.empty() && name != "." && name.find('/') == std::string::npos;
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

void read_figures(hid_t root, TaskScores& scores) {
  const Hdf5Handle group = open_group(root, "figures");
  const std::vector<double> value = read_reals(group.get(), "value");
  const std::vector<double> error = read_reals(group.get(), "standard_error");
  if (value.size() != error.size() || (!value.empty() && value.size() != scores.metrics.size()))
    throw Hdf5Error("figures has not one row a metric");
  for (std::size_t m = 0; m < value.size(); ++m) scores.figures.push_back({value[m], error[m]});
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
  scores.items = read_items(root);
  read_golds(root, scores.items);
  read_values(root, scores);
  read_figures(root, scores);
  scores.rows = read_choices(root, scores.items);
  return scores;
}

void check_name(const char* what, const std::string& name) {
  if (!names_a_dataset(name) || name == "..")
    throw InputError(
        fmt::format("cannot store scores of {} '{}' (no file can have that name); "
                    "name it without /",
                    what, name));
}

}  // namespace

fs::path task_scores_path(const StudyFolder& folder, const TaskScores& scores) {
  check_name("trial", scores.trial);
  check_name("profile", scores.profile);
  check_name("task", scores.task);
  return folder.scores() / scores.trial /
         fmt::format("{}.{}.{}.h5", scores.profile, scores.task, scores.step);
}

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

void write_task_scores(const fs::path& path, const TaskScores& scores) {
  write_durably(path, task_scores_bytes(scores));
}

TaskScores task_scores_from(std::string_view bytes, const fs::path& path) {
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

TaskScores read_task_scores(const fs::path& path) {
  return task_scores_from(read_file(path), path);
}

void check_task_scores(const StudyFolder& folder, const fs::path& path) {
  const fs::path place = task_scores_path(folder, read_task_scores(path));
  if (place != path)
    throw InputError(
        fmt::format("cannot take {} (it holds the scores of {}); move it back or "
                    "remove it",
                    path.string(), place.lexically_relative(folder.scores()).string()));
}

std::vector<fs::path> task_scores_files(const StudyFolder& folder) {
  std::vector<fs::path> files;
  for (const fs::path& trial : files_in(folder.scores())) {
    if (!fs::is_directory(trial)) continue;
    for (const fs::path& path : files_in(trial))
      if (path.extension() == ".h5" && !is_temporary(path) && !is_set_aside(path))
        files.push_back(path);
  }
  return files;
}

}  // namespace isoloss
