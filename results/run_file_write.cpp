#include <cmath>
#include <limits>
#include <numbers>

#include "model/spec/error.h"
#include "results/durable_file.h"
#include "results/file_seal.h"
#include "results/hdf5_rows.h"
#include "results/run_file.h"
#include "results/run_header_fields.h"

namespace isoloss {

namespace {

struct AttributeWriter {
  hid_t root;

  template <class T>
  void operator()(const char* name, const T& value) const {
    write_attribute(root, name, value);
  }
  void operator()(const char* name, const std::optional<double>& value) const {
    if (value) write_attribute(root, name, *value);
  }
  void operator()(const char* name,
                  const std::vector<std::pair<std::string, double>>& by_convention) const {
    std::vector<std::string> conventions;
    std::vector<double> values;
    for (const auto& [convention, value] : by_convention) {
      conventions.push_back(convention);
      values.push_back(value);
    }
    const Hdf5Handle group = create_group(root, name);
    write_column(group.get(), {"convention", "1", "how the FLOPs are counted; exact comes first"},
                 conventions);
    write_column(group.get(), {"value", "FLOPs/token", "training FLOPs, forward and backward"},
                 values);
  }
};

double exact_flops_per_token(const RunHeader& header) {
  for (const auto& [convention, value] : header.flops_per_token)
    if (convention == "exact") return value;
  return std::numeric_limits<double>::quiet_NaN();
}

void write_training(hid_t root, const RunRecord& record) {
  const Hdf5Handle group = create_group(root, "train");
  const hid_t at = group.get();
  const auto& rows = record.steps;
  using Row = const StepMetrics&;
  const double batch = static_cast<double>(record.header.batch_tokens);
  const double flops = exact_flops_per_token(record.header);
  write_rows(at, {"step", "updates", "1 after the first update"}, rows,
             [](Row r) { return r.step; });
  write_rows(at, {"loss", "nats/token", "cross-entropy of the batch, without z-loss"}, rows,
             [](Row r) { return r.loss; });
  write_rows(at, {"learning_rate", "1", "learning rate of this update"}, rows,
             [](Row r) { return r.learning_rate; });
  write_rows(at, {"gradient_norm", "1", "global norm of the gradient before clipping"}, rows,
             [](Row r) { return r.gradient_norm; });
  write_rows(at, {"seconds", "s", "training alone, since the run began, resumes added up"}, rows,
             [](Row r) { return r.seconds; });
  write_rows(at, {"tokens", "tokens", "seen so far: step times batch_tokens"}, rows,
             [=](Row r) { return static_cast<double>(r.step) * batch; });
  write_rows(at, {"flops", "FLOPs", "spent so far: tokens times the exact FLOPs per token"}, rows,
             [=](Row r) { return static_cast<double>(r.step) * batch * flops; });
}

void write_sequence_losses(hid_t group, const RunRecord& record) {
  const auto& rows = record.evaluations;
  const std::size_t columns = rows.empty() ? 0 : rows.front().sequence_losses.size();
  std::vector<float> values;
  values.reserve(rows.size() * columns);
  for (const Evaluation& row : rows) {
    if (row.sequence_losses.size() != columns)
      throw WorkError("cannot store run " + record.header.id + " (its evaluations hold " +
                      std::to_string(columns) + " and " +
                      std::to_string(row.sequence_losses.size()) +
                      " sequences); evaluate every budget on the same sequences");
    values.insert(values.end(), row.sequence_losses.begin(), row.sequence_losses.end());
  }
  write_matrix(group,
               {"sequence_losses", "nats/token",
                "loss of each held-out sequence, [evaluations, sequences]; the same sequences for "
                "every run of equal held_out_hash"},
               values, rows.size(), columns);
}

void write_evaluations(hid_t root, const RunRecord& record) {
  const Hdf5Handle group = create_group(root, "eval");
  const hid_t at = group.get();
  const auto& rows = record.evaluations;
  using Row = const Evaluation&;
  const double bits = 1 / std::numbers::ln2 / record.header.bytes_per_token;
  const double epoch = record.header.training_tokens;
  write_rows(at, {"step", "updates", "after this many updates"}, rows,
             [](Row r) { return r.step; });
  write_rows(at, {"tokens", "tokens", "trained on"}, rows, [](Row r) { return r.tokens; });
  write_rows(at, {"flops", "FLOPs", "training FLOPs spent, exact convention"}, rows,
             [](Row r) { return r.flops; });
  write_rows(at, {"seconds", "s", "training alone, since the run began"}, rows,
             [](Row r) { return r.seconds; });
  write_rows(at, {"budget", "budget_unit", "the nominal budget that this evaluation answers"}, rows,
             [](Row r) { return r.budget; });
  write_rows(at, {"budget_unit", "1", "flops, tokens or tokens_per_parameter"}, rows,
             [](Row r) { return r.budget_unit; });
  write_rows(at, {"loss", "nats/token", "held-out loss, on the part that is reported"}, rows,
             [](Row r) { return r.loss; });
  write_rows(at, {"standard_error", "nats/token", "of loss, over the held-out sequences"}, rows,
             [](Row r) { return r.standard_error; });
  write_rows(
      at,
      {"selection_loss", "nats/token", "held-out loss, on the part that chooses learning rates"},
      rows, [](Row r) { return r.selection_loss; });
  write_rows(at, {"bits_per_byte", "bits/byte", "loss per byte of text"}, rows,
             [=](Row r) { return r.loss * bits; });
  write_rows(at, {"epochs", "1", "passes over the training text; NaN where its length is unknown"},
             rows, [=](Row r) {
               return epoch > 0 ? r.tokens / epoch : std::numeric_limits<double>::quiet_NaN();
             });
  write_rows(at,
             {"forward_seconds", "s/token",
              "forward pass over held-out text: the quickest one's, times the ranks that share a "
              "model; 0 where not measured"},
             rows, [](Row r) { return r.forward_seconds; });
  write_sequence_losses(at, record);
}

void write_scores(hid_t root, const RunRecord& record) {
  const Hdf5Handle group = create_group(root, "scores");
  const hid_t at = group.get();
  const auto& rows = record.scores;
  using Row = const Score&;
  write_rows(at, {"step", "updates", "after this many updates"}, rows,
             [](Row r) { return r.step; });
  write_rows(at, {"task", "1", "name of the one-shot task"}, rows, [](Row r) { return r.task; });
  write_rows(at, {"metric", "1", "what value is"}, rows, [](Row r) { return r.metric; });
  write_rows(at, {"value", "1", "the score"}, rows, [](Row r) { return r.value; });
  write_rows(at, {"standard_error", "1", "of value, over the items"}, rows,
             [](Row r) { return r.standard_error; });
  write_rows(at, {"n", "items", "items scored"}, rows, [](Row r) { return r.n; });
  write_rows(at, {"chance", "1", "the score of guessing"}, rows, [](Row r) { return r.chance; });
}

}  // namespace

std::string run_file_bytes(const RunRecord& record) {
  const QuietHdf5 quiet;
  try {
    const Hdf5Handle file = create_in_memory();
    const Hdf5Handle root = open_group(file.get(), "/");
    write_attribute(root.get(), "format", std::string("isoloss run"));
    write_attribute(root.get(), "format_version", static_cast<std::int64_t>(kRunFileVersion));
    visit_fields(record.header, AttributeWriter{root.get()});
    write_attribute(root.get(), "state", std::string(state_name(record.state)));
    write_attribute(root.get(), "reason", record.reason);
    write_training(root.get(), record);
    write_evaluations(root.get(), record);
    write_scores(root.get(), record);
    return sealed(file_image(file));
  } catch (const Hdf5Error& error) {
    throw WorkError("cannot build the file of run " + record.header.id + " (" + error.what() +
                    "); check the memory that is left and run again");
  }
}

void write_run_file(const std::filesystem::path& path, const RunRecord& record) {
  write_durably(path, run_file_bytes(record));
}

}  // namespace isoloss
