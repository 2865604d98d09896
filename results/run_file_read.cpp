#include "model/spec/error.h"
#include "results/durable_file.h"
#include "results/file_seal.h"
#include "results/hdf5_rows.h"
#include "results/run_file.h"
#include "results/run_header_fields.h"

namespace isoloss {

namespace {

struct AttributeReader {
  hid_t root;

  template <class T>
  void operator()(const char* name, T& value) const {
    read_attribute(root, name, value);
  }
  void operator()(const char* name, std::optional<double>& value) const {
    if (!has_attribute(root, name)) return;
    read_attribute(root, name, value.emplace());
  }
  void operator()(const char* name,
                  std::vector<std::pair<std::string, double>>& by_convention) const {
    const Hdf5Handle group = open_group(root, name);
    const std::vector<std::string> conventions = read_texts(group.get(), "convention");
    const std::vector<double> values = read_reals(group.get(), "value");
    if (conventions.size() != values.size())
      throw Hdf5Error(std::string(name) + " has columns of different lengths");
    for (std::size_t i = 0; i < values.size(); ++i)
      by_convention.emplace_back(conventions[i], values[i]);
  }
};

std::vector<StepMetrics> read_training(hid_t root) {
  RowReader<StepMetrics> train(root, "train", "step");
  train.set("step", &StepMetrics::step);
  train.set("loss", &StepMetrics::loss);
  train.set("learning_rate", &StepMetrics::learning_rate);
  train.set("gradient_norm", &StepMetrics::gradient_norm);
  train.set("seconds", &StepMetrics::seconds);
  return std::move(train.rows());
}

std::vector<Evaluation> read_evaluations(hid_t root) {
  RowReader<Evaluation> eval(root, "eval", "step");
  eval.set("step", &Evaluation::step);
  eval.set("tokens", &Evaluation::tokens);
  eval.set("flops", &Evaluation::flops);
  eval.set("seconds", &Evaluation::seconds);
  eval.set("budget", &Evaluation::budget);
  eval.set("budget_unit", &Evaluation::budget_unit);
  eval.set("loss", &Evaluation::loss);
  eval.set("standard_error", &Evaluation::standard_error);
  eval.set("selection_loss", &Evaluation::selection_loss);
  if (has_dataset(eval.group(), "forward_seconds"))  // not in files of earlier versions
    eval.set("forward_seconds", &Evaluation::forward_seconds);
  const Matrix losses = read_matrix(eval.group(), "sequence_losses");
  if (losses.rows != eval.rows().size())
    throw Hdf5Error("dataset eval/sequence_losses has another length than its group");
  auto next = losses.values.begin();
  for (Evaluation& row : eval.rows()) {
    const auto end = next + static_cast<std::ptrdiff_t>(losses.columns);
    row.sequence_losses.assign(next, end);
    next = end;
  }
  return std::move(eval.rows());
}

std::vector<Score> read_scores(hid_t root) {
  RowReader<Score> scores(root, "scores", "step");
  scores.set("step", &Score::step);
  scores.set("task", &Score::task);
  scores.set("metric", &Score::metric);
  scores.set("value", &Score::value);
  scores.set("standard_error", &Score::standard_error);
  scores.set("n", &Score::n);
  scores.set("chance", &Score::chance);
  return std::move(scores.rows());
}

RunRecord read_root(hid_t root) {
  std::string format;
  read_attribute(root, "format", format);
  if (format != "isoloss run") throw Hdf5Error("attribute format is '" + format + "'");
  RunRecord record;
  visit_fields(record.header, AttributeReader{root});
  std::string state;
  read_attribute(root, "state", state);
  const std::optional<RunState> known = state_named(state);
  if (!known) throw Hdf5Error("attribute state is '" + state + "'");
  record.state = *known;
  read_attribute(root, "reason", record.reason);
  record.steps = read_training(root);
  record.evaluations = read_evaluations(root);
  record.scores = read_scores(root);
  return record;
}

}  // namespace

RunRecord run_record_from(std::string_view bytes, const std::filesystem::path& path) {
  const std::span<const char> image = unsealed(bytes, path);
  const QuietHdf5 quiet;
  try {
    const Hdf5Handle file = open_image(image);
    const Hdf5Handle root = open_group(file.get(), "/");
    return read_root(root.get());
  } catch (const Hdf5Error& error) {
    throw InputError("cannot read " + path.string() + " (" + error.what() +
                     "); remove it and run again");
  }
}

RunRecord read_run_file(const std::filesystem::path& path) {
  return run_record_from(read_file(path), path);
}

}  // namespace isoloss
