// A training run of milliseconds for tests: a tiny model, a text that it learns, and what it hears.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "harness/data/dataset.h"
#include "harness/training/checkpoint.h"
#include "harness/training/events.h"
#include "harness/training/host_training_state.h"
#include "harness/training/state_copy.h"
#include "model/spec/catalogue.h"
#include "model/spec/counter_random.h"
#include "sweeps/run_spec.h"
#include "tests/temporary_folder.h"

namespace isoloss {

// Tokens that repeat with a period of five: easily learnt.
class PeriodicData : public Dataset {
 public:
  explicit PeriodicData(std::int64_t sequence) {
    for (HeldOutPart* part : {&held_out_.selection, &held_out_.report}) {
      part->sequences = 6;
      part->tokens = PeriodicData::samples(99, 0, 6, sequence);
    }
  }
  std::int64_t vocabulary() const override { return 16; }
  std::string tokenizer_name() const override { return "symbols:16"; }
  std::string tokenizer_hash() const override { return "periodic"; }
  std::int64_t training_tokens() const override { return 1'000'000; }
  const HeldOut& held_out() const override { return held_out_; }
  std::vector<std::int32_t> samples(std::uint64_t seed, std::int64_t first, std::int64_t count,
                                    std::int64_t sequence) const override {
    std::vector<std::int32_t> tokens;
    for (std::int64_t i = first; i < first + count; ++i) {
      const auto shift = random_below(seed, 1, static_cast<std::uint64_t>(i), 5);
      for (std::int64_t t = 0; t < sequence; ++t) {
        tokens.push_back(1 +
                         static_cast<std::int32_t>((static_cast<std::uint64_t>(t) + shift) % 5));
      }
    }
    return tokens;
  }
  const std::string& held_out_text() const override { return text_; }
  std::vector<std::int32_t> encode(const std::string&) const override { return {}; }

 private:
  HeldOut held_out_;
  std::string text_;
};

inline RunSpec tiny_spec(OptimizerKind kind = OptimizerKind::Adafactor) {
  RunSpec spec;
  spec.model = named_architecture("primer-ez");
  spec.model.layers = 1;
  spec.model.d_model = 8;
  spec.model.d_head = 4;
  spec.model.sequence = 16;
  spec.model.vocabulary = 16;
  spec.optimizer.kind = kind;
  spec.optimizer.learning_rate = kind == OptimizerKind::Adafactor ? 0.05 : 0.01;
  spec.optimizer.warmup_steps = 5;
  spec.optimizer.batch_tokens = 64;
  spec.optimizer.clip_norm = 1.0;
  spec.optimizer.weight_decay = 0.1;
  return spec;
}

// Each step moves every weight by ten: logits are of that size, and the losses finite.
inline RunSpec climbing_spec() {
  RunSpec spec = tiny_spec(OptimizerKind::AdamW);
  spec.optimizer.schedule = ScheduleKind::Constant;
  spec.optimizer.learning_rate = 10;
  spec.optimizer.weight_decay = 0;
  return spec;
}

struct Heard {
  std::vector<StepMetrics> steps;
  std::vector<Evaluation> evaluations;
  std::vector<std::string> diverged;
  int checkpoints = 0;

  TrainingListener listener() {
    return [this](const TrainingEvent& event) {
      if (const auto* step = std::get_if<StepMetrics>(&event)) steps.push_back(*step);
      if (const auto* found = std::get_if<Evaluation>(&event)) evaluations.push_back(*found);
      if (const auto* end = std::get_if<TrainingDiverged>(&event)) diverged.push_back(end->reason);
      if (const auto* due = std::get_if<CheckpointDue>(&event)) due->save_in("anywhere");
      if (std::holds_alternative<CheckpointHere>(event)) ++checkpoints;
    };
  }
};

// All values of a state, tensor after tensor; on the leading rank.
struct StoredState {
  std::vector<std::byte> weights, optimizer;

  bool operator==(const StoredState&) const = default;
};

// Through the files that each rank writes of its part.
inline std::vector<std::vector<std::byte>> tensors_of_all_ranks(TrainingState& state) {
  Communicator& all = state.ranks().all();
  std::array<char, 4096> place{};
  std::optional<test::TemporaryFolder> folder;  // the leading rank's, told to all
  if (all.rank() == 0) std::ranges::copy(folder.emplace().path().string(), place.begin());
  all.broadcast(std::as_writable_bytes(std::span(place)), 0);
  StateCopy(state, "run").write(part_file(place.data(), all.rank()));
  all.barrier();
  std::vector<std::vector<std::byte>> tensors;
  if (all.rank() != 0) return tensors;
  const Checkpoint checkpoint(place.data(), "run");
  const StateTables tables = state.tables();
  const TensorSource next = checkpoint.tensors(tables.weights, &tables.optimizer);
  for (const ParameterTable* table : {&tables.weights, &tables.optimizer})
    for (const Parameter& p : table->parameters) {
      tensors.emplace_back(static_cast<std::size_t>(p.size()) * state.element_bytes());
      next(tensors.back());
    }
  return tensors;
}

inline StoredState stored(TrainingState& state) {
  std::vector<std::vector<std::byte>> tensors;
  if (state.ranks().all().size() > 1)
    tensors = tensors_of_all_ranks(state);
  else
    for (const auto& values : state.part().tensors)
      tensors.emplace_back(values.begin(), values.end());
  StoredState result;
  const std::size_t weights = state.tables().weights.parameters.size();
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    auto& part = i < weights ? result.weights : result.optimizer;
    part.insert(part.end(), tensors[i].begin(), tensors[i].end());
  }
  return result;
}

inline void restore(TrainingState& state, std::int64_t step, double seconds,
                    const StoredState& from) {
  std::vector<std::byte> all = from.weights;
  all.insert(all.end(), from.optimizer.begin(), from.optimizer.end());
  state.take_tensors(step, seconds, [&all, at = std::size_t{0}](std::span<std::byte> to) mutable {
    std::ranges::copy(std::span(all).subspan(at, to.size()), to.begin());
    at += to.size();
  });
}

inline const auto kNeverStop = [] { return false; };

}  // namespace isoloss
