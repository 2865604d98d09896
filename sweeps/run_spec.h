// A run, resolved: every field that changes its numbers and none that does not. Its identity is the
// hash of its canonical text, so equal runs of different studies are the same run and a changed
// meaning is another run. A trial is a run and a budget that it passes.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/spec/model_spec.h"

namespace isoloss {

enum class DataKind { Text, Tokens, Synthetic };
enum class TokenizerKind { Bytes, Unigram, Model };

struct TokenizerSpec {
  TokenizerKind kind = TokenizerKind::Bytes;
  std::int64_t vocabulary = 256;  // for Unigram: trained to this size from the study's own text
  std::string model_file;         // for Model: a SentencePiece .model
};

// A language with a hidden long-lived topic (data synth). Symbols follow
// P(next | topic, a, b) = mix[0] bigram(b) + mix[1] trigram(a, b) + mix[2] topic_trigram(topic, a,
// b), each row a Dirichlet draw around a Zipf distribution; the topic stays with probability
// `stay`.
struct SyntheticSpec {
  std::int64_t symbols = 32;
  std::int64_t topics = 4;
  double stay = 0.99;
  double zipf = 1.5;
  double mix_bigram = 0.4;
  double mix_trigram = 0.45;
  double concentration = 0.15;  // times symbols times the Zipf weights
  double bigram_concentration = 0.3;
  std::int64_t tokens = 12'000'000;  // of the training part
  std::uint64_t seed = 0;
};

struct DataSpec {
  DataKind kind = DataKind::Text;
  std::vector<std::string> files;  // Text: matched files in sorted order; Tokens: the folder
  TokenizerSpec tokenizer;
  double validation = 0.05;  // share of the text held out: half selects, half reports
  SyntheticSpec synthetic;
  std::string content_hash;  // of what the files hold; identity uses this, never the paths
};

enum class OptimizerKind { Adafactor, AdamW };
// Cosine and Wsd (warm-up, stable, decay) know where their run ends: its `horizon`.
enum class ScheduleKind { Rsqrt, Constant, Cosine, Wsd };
enum class WarmupKind { Constant, Linear };
enum class CooldownKind { Linear, Sqrt };

// Adafactor: Shazeer & Stern 2018 as T5 ran it; AdamW: Loshchilov & Hutter 2019.
struct OptimizerSpec {
  OptimizerKind kind = OptimizerKind::Adafactor;
  ScheduleKind schedule = ScheduleKind::Rsqrt;
  double learning_rate = 0.01;
  std::int64_t warmup_steps = 10'000;  // resolved from warmup_tokens
  std::optional<WarmupKind> warmup;    // absent: constant for rsqrt and constant, else linear
  std::optional<double> final_ratio;   // rate at the horizon over the peak; absent: cosine 0.1,
                                       // wsd 0
  double decay_share = 0.2;            // wsd: the cooldown's share of the steps
  CooldownKind cooldown = CooldownKind::Linear;  // wsd
  std::int64_t horizon = 0;            // cosine, wsd: steps of the run; resolved from the budget
  std::int64_t batch_tokens = 65'536;  // a multiple of the sequence
  double clip_norm = 0;                // global gradient norm; 0: no clipping
  double z_loss = 1e-4;                // training only
  double adafactor_decay = 0.8;        // beta2 = 1 - (t+1)^-decay
  double adafactor_clip = 1.0;         // on the update's RMS
  double adafactor_epsilon1 = 1e-30;
  double adafactor_epsilon2 = 1e-3;
  std::int64_t min_dim_factored = 128;
  double beta1 = 0.9;  // AdamW
  double beta2 = 0.95;
  double epsilon = 1e-8;
  double weight_decay = 0;  // AdamW, on matrices
};

struct EvaluationSpec {
  std::int64_t tokens = 65'536;    // of the reporting part; the selecting part gives half of it
  std::vector<std::string> tasks;  // one-shot tasks made from held-out text; empty for none
  // No part of a run's identity: what cards score lies in files of its own, and scores before a
  // budget change no number.
  std::vector<std::string> card_folders;  // of a user's task cards, absolute, in the file's order
  std::string task_data;                  // of `data prepare-tasks`, absolute; empty: none
  std::string profile = "gpt3";           // how its public tasks are asked
  std::int64_t limit = 0;                 // items of each of them; 0: all
  std::int64_t score_points = 1;          // times that tasks score each trial (score_stops.h)
};

struct RunSpec {
  ModelSpec model;
  OptimizerSpec optimizer;
  DataSpec data;
  EvaluationSpec evaluation;
  std::uint64_t seed = 0;         // initial weights and data order
  std::string dtype = "float32";  // float32, float64 or bfloat16 (with float32 master weights)
  std::int64_t threads = 1;       // intra-op: changes bits, so it is part of the run
  std::int64_t accumulate = 1;    // micro-batches of a step: changes the order of sums, likewise
  // How it is trained, no part of its identity.
  bool on_device = false;            // on GPUs: plan_on_devices
  bool recompute = false;            // activations anew in the backward pass
  std::int64_t tensor_parallel = 0;  // ranks that share a model; 0: auto
  std::int64_t data_parallel = 0;    // groups that share a batch; 0: auto
  double checkpoint_seconds = 60;    // of training between checkpoints
};

// Whether the schedule knows its horizon: budgets are then runs of their own.
bool has_horizon(const OptimizerSpec& optimizer);
// The warm-up's kind and the final ratio with the schedule's default resolved.
WarmupKind warmup_kind(const OptimizerSpec& optimizer);
double final_ratio(const OptimizerSpec& optimizer);
// Steps of wsd's cooldown, at least one, and the step at which it begins: the trunk's part ends.
std::int64_t cooldown_steps(const OptimizerSpec& optimizer);
std::int64_t branch_step(const OptimizerSpec& optimizer);
// The optimizer of the trunk that wsd's branches leave: its warm-up, then a constant rate.
OptimizerSpec trunk_of(OptimizerSpec optimizer);

// Whether task cards, own or public, score the runs.
bool has_cards(const EvaluationSpec& evaluation);
// Whether anything does: those, or tasks made from held-out text.
bool scores_anything(const EvaluationSpec& evaluation);

// One line of JSON with every field above but files, model_file and what is no part of the
// identity, keys in a fixed order. Fields that came later are named where they differ from their
// default, so that older runs keep their ids.
std::string canonical_json(const RunSpec& spec);

// 16 hexadecimal digits: XXH3-64 of the canonical text. The run's folder name.
std::string run_id(const RunSpec& spec);

// Training FLOPs of one optimizer step, by the exact convention.
double flops_per_step(const RunSpec& spec);

}  // namespace isoloss
