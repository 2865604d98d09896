// What one run leaves behind: its header, its curves, its evaluations and scores. The journal, the
// HDF5 file (run_file.h) and every reader share these structs. Units: losses in nats per token,
// FLOPs by the `exact` convention, seconds of wall clock spent in training alone (evaluation,
// checkpoints and waiting left out).
#pragma once
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace isoloss {

struct RunHeader {
  std::string id;  // folder name
  std::string study;
  std::string spec_json;  // canonical_json of sweeps/run_spec.h
  std::string code_version;
  std::string machine;  // processor or device, as the system names it
  std::int64_t ranks = 1;
  std::int64_t threads = 1;
  std::string architecture;
  std::string size;
  std::uint64_t seed = 0;
  double learning_rate = 0;
  std::int64_t layers = 0, d_model = 0;
  std::int64_t parameters_total = 0;
  std::int64_t parameters_embedding = 0;
  std::vector<std::pair<std::string, double>> flops_per_token;  // by convention, "exact" first
  std::int64_t batch_tokens = 0;
  std::int64_t sequence = 0;
  std::string tokenizer;  // bytes, unigram:4096, ...
  std::string tokenizer_hash;
  std::string held_out_hash;    // of the reporting sequences: only equal ones may be paired
  double bytes_per_token = 1;   // of the reporting part; bits per byte = loss / ln 2 / this
  double training_tokens = 0;   // tokens in the training part: one epoch
  std::optional<double> floor;  // best possible loss on the reporting sequences, where it is known
  std::optional<double> predicted_step_seconds;  // by what was known when the run began
  // Bytes of a rank's process: predicted, and the most that the rank that wrote this has held.
  std::optional<double> predicted_memory_bytes;
  std::optional<double> peak_memory_bytes;

  bool operator==(const RunHeader&) const = default;
};

struct StepMetrics {
  std::int64_t step = 0;  // 1 after the first update
  double loss = 0;        // cross-entropy without z-loss, mean over the batch
  double learning_rate = 0;
  double gradient_norm = 0;  // before clipping
  double seconds = 0;        // since the run began, resumes added up

  bool operator==(const StepMetrics&) const = default;
};

struct Evaluation {
  std::int64_t step = 0;
  double tokens = 0;
  double flops = 0;  // exact, actual (not nominal)
  double seconds = 0;
  double budget = 0;          // the nominal budget this point answers, in `budget_unit`
  std::string budget_unit;    // flops, tokens or tokens_per_parameter
  double selection_loss = 0;  // on the part that chooses learning rates
  double loss = 0;            // on the part that is reported: the mean of sequence_losses
  double standard_error = 0;  // over the sequences; covers these documents only
  std::vector<float> sequence_losses;
  // Of reading the held-out text, per token: the quickest pass, times the ranks that share the
  // model; 0 where it was not measured (earlier versions).
  double forward_seconds = 0;

  bool operator==(const Evaluation&) const = default;
};

struct Score {
  std::int64_t step = 0;
  std::string task;
  std::string metric;  // accuracy
  double value = 0;
  double standard_error = 0;  // NaN where all items are of one cluster
  std::int64_t n = 0;
  double chance = 0;

  // NaN is equal to NaN: what was stored so is what is read.
  bool operator==(const Score& other) const {
    return step == other.step && task == other.task && metric == other.metric &&
           value == other.value && n == other.n && chance == other.chance &&
           (standard_error == other.standard_error ||
            (std::isnan(standard_error) && std::isnan(other.standard_error)));
  }
};

// Trunk: all steps that branches needed of it so far are trained; it answers no budget itself.
enum class RunState { Running, Finished, Trunk, Diverged };

// running, finished, trunk or diverged: the names on disk.
std::string_view state_name(RunState state);
// The state of that name; absent where there is none.
std::optional<RunState> state_named(std::string_view name);

struct RunRecord {
  RunHeader header;
  std::vector<StepMetrics> steps;
  std::vector<Evaluation> evaluations;
  std::vector<Score> scores;
  RunState state = RunState::Running;
  std::string reason;  // of Diverged

  bool operator==(const RunRecord&) const = default;
};

// The last step of the curve; 0 where there is none.
inline std::int64_t last_step(const RunRecord& record) {
  return record.steps.empty() ? 0 : record.steps.back().step;
}
inline std::int64_t last_step(const std::optional<RunRecord>& record) {
  return record ? last_step(*record) : 0;
}

}  // namespace isoloss
