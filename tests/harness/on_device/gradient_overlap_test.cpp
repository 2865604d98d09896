// What a step puts on a device's streams where ranks share batches, or batches and the model: means
// of gradients beside the backward pass, and never the operations of two groups at once.
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "harness/on_device/device_training_state.h"
#include "model/kernels/cuda/emulator/late_device.h"
#include "model/kernels/cuda/emulator/stream_trace.h"
#include "model/spec/parameters.h"
#include "tests/harness/on_device/emulated_devices.h"
#include "tests/harness/tiny_study.h"
#include "tests/harness/training/periodic_training.h"
#include "tests/model/parallel/thread_ranks.h"

namespace isoloss {
namespace {

constexpr std::size_t kBucket = 300;  // several a layer, that end inside tensors

// Two layers that two ranks share.
RunSpec two_layers(bool recompute) {
  RunSpec spec = tiny_spec(OptimizerKind::AdamW);
  spec.model.layers = 2;
  spec.model.d_model = 16;
  spec.model.d_head = 8;
  spec.model.heads = 4;
  spec.model.d_ff = 32;
  spec.model.vocabulary = 17;
  spec.recompute = recompute;
  return spec;
}

std::vector<std::int32_t> batch_of(const RunSpec& spec, int data_rank, int data_ranks, int step) {
  const std::int64_t rows = spec.optimizer.batch_tokens / spec.model.sequence / data_ranks;
  return PeriodicData(spec.model.sequence)
      .samples(static_cast<std::uint64_t>(step), data_rank * rows, rows, spec.model.sequence);
}

struct Operation {
  bool of_data;
  std::size_t piece;
};

// What a rank put on its streams in its second step, which a graph captures.
class RecordedStep {
 public:
  RecordedStep(const RunSpec& spec, Communicator& all, const RankLayout& layout,
               const std::filesystem::path& folder) {
    RankGroups groups(all, layout);
    table_ = parameter_table(spec.model, {groups.tensor().rank(), layout.tensor});
    const int data_rank = groups.data().rank();
    EmulatedLinks links(groups, [this](const std::string& group) {
      operations_.push_back({group.starts_with("data"), trace_.size()});
    });
    EmulatedOrder order;
    DeviceTrainingState state(spec, std::move(groups), {links, order, all.rank(), kBucket},
                              {"run", folder});
    state.update(batch_of(spec, data_rank, layout.data, 0));
    operations_.clear();
    first_ = trace_.size();
    state.update(batch_of(spec, data_rank, layout.data, 1));
    last_ = trace_.size() - 1;
  }

  // Of this rank's shard.
  const ParameterTable& table() const { return table_; }
  // Of the exchange's stream, as they were put: buckets from the buffer's end, then the loss.
  std::vector<std::size_t> means() const {
    std::vector<std::size_t> pieces;
    for (const Operation& each : operations_)
      if (each.of_data && !computes(each.piece)) pieces.push_back(each.piece);
    return pieces;
  }
  // Work of the step's own stream, other groups' operations left out, that neither waits for that
  // piece nor is waited for.
  int beside(std::size_t piece) const {
    int count = 0;
    for (std::size_t i = first_; i < trace_.size(); ++i)
      if (computes(i) && !trace_.marks(i) && !exchanges(i) && !ordered(i, piece)) ++count;
    return count;
  }
  // Operations of two groups of which neither waits for the other.
  int at_once() const {
    int count = 0;
    for (const Operation& a : operations_)
      for (const Operation& b : operations_)
        if (a.of_data && !b.of_data && !ordered(a.piece, b.piece)) ++count;
    return count;
  }
  int sums() const {
    int count = 0;
    for (const Operation& each : operations_) count += each.of_data ? 0 : 1;
    return count;
  }

 private:
  bool computes(std::size_t piece) const { return trace_.on_one_stream(piece, last_); }
  bool ordered(std::size_t a, std::size_t b) const {
    return trace_.waits(a, b) || trace_.waits(b, a);
  }
  bool exchanges(std::size_t piece) const {
    for (const Operation& each : operations_)
      if (each.piece == piece) return true;
    return false;
  }

  ParameterTable table_;
  StreamTrace trace_;
  std::vector<Operation> operations_;
  std::size_t first_ = 0, last_ = 0;
};

std::size_t offset_of(const ParameterTable& table, const std::string& prefix) {
  for (const Parameter& p : table.parameters)
    if (p.name.starts_with(prefix)) return static_cast<std::size_t>(p.offset);
  return 0;
}

// By hand. What is final with layer 1 is averaged beside the lowest feed-forward's backward pass at
// least, until the sum of what that reads: the gradients of what the second product reads and of
// its weights, of the activation, and of what the first reads. What is final with layer 0 is
// averaged beside the embedding's gradient and the loss's mean.
constexpr int kBesideFeedForward = 4, kBesideEmbedding = 2;

void expect_overlap(const RecordedStep& step) {
  const ParameterTable& table = step.table();
  const auto buckets = buckets_from_end(static_cast<std::size_t>(table.buffer_size), kBucket);
  const std::vector<std::size_t> means = step.means();
  ASSERT_EQ(means.size(), buckets.size() + 1);
  int with_layers = 0;
  for (std::size_t i = 0; i < buckets.size(); ++i) {
    const int beside = step.beside(means[i]);
    if (buckets[i].first >= offset_of(table, "layers.1."))
      EXPECT_GE(beside, kBesideFeedForward) << i;
    else if (buckets[i].first >= offset_of(table, "layers.0."))
      EXPECT_GE(beside, kBesideEmbedding) << i;
    else
      continue;
    ++with_layers;
  }
  EXPECT_GE(with_layers, 10);
}

TEST(GradientOverlap, MeansGoBesideTheBackwardPass) {
  const tiny_study::Place place;
  for (const RankLayout& layout : {RankLayout{1, 2}, {1, 4}, {2, 2}})
    for (const bool recompute : {false, true}) {
      SCOPED_TRACE(std::to_string(layout.tensor) + " x " + std::to_string(layout.data) +
                   (recompute ? " recompute" : ""));
      const RunSpec spec = two_layers(recompute);
      std::mutex lock;
      testing_ranks::on_ranks(layout.ranks(), [&](Communicator& all) {
        const RecordedStep step(spec, all, layout, place.root);
        const std::lock_guard guard(lock);
        expect_overlap(step);
      });
    }
}

// NCCL does not promise that those would end.
TEST(GradientOverlap, OperationsOfTwoGroupsAreNeverOnTheirWayAtOnce) {
  const tiny_study::Place place;
  for (const bool recompute : {false, true}) {
    const RunSpec spec = two_layers(recompute);
    std::mutex lock;
    testing_ranks::on_ranks(4, [&](Communicator& all) {
      const RecordedStep step(spec, all, {2, 2}, place.root);
      const std::lock_guard guard(lock);
      EXPECT_GT(step.sums(), 8);
      EXPECT_EQ(step.at_once(), 0) << recompute;
    });
  }
}

std::vector<double> four_losses(const RunSpec& spec, std::size_t bucket, bool late) {
  const tiny_study::Place place;
  std::vector<double> losses;
  std::mutex lock;
  testing_ranks::on_ranks(4, [&](Communicator& all) {
    std::optional<LateDevice> device;
    if (late) device.emplace();
    RankGroups groups(all, {2, 2});
    const int data_rank = groups.data().rank();
    EmulatedLinks links(groups);
    EmulatedOrder order;
    DeviceTrainingState state(spec, std::move(groups), {links, order, all.rank(), bucket},
                              {"run", place.root});
    std::vector<double> mine;
    for (int step = 0; step < 4; ++step) {
      const auto metrics = state.update(batch_of(spec, data_rank, 2, step)).metrics;
      mine.push_back(metrics.loss);
      mine.push_back(metrics.gradient_norm);
    }
    const std::lock_guard guard(lock);
    if (losses.empty()) losses = mine;
    EXPECT_EQ(mine, losses);
  });
  return losses;
}

// First thing on their stream or last thing before somebody waits, in one bucket after the backward
// pass or in many beside it.
TEST(GradientOverlap, ChangesNoBit) {
  const RunSpec spec = two_layers(true);
  const auto in_one = four_losses(spec, DeviceGradientAverage::kBucketElements, false);
  EXPECT_LT(in_one[6], in_one[0]) << "it learns";
  EXPECT_EQ(four_losses(spec, kBucket, false), in_one);
  EXPECT_EQ(four_losses(spec, kBucket, true), in_one);
}

}  // namespace
}  // namespace isoloss
