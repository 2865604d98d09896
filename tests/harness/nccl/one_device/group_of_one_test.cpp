// NCCL on one device: a group of one goes through the library all the same, so that its operations
// and their place in the graph of a step show where there are no more devices.
#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "harness/devices/taking_turns.h"
#include "harness/nccl/cuda_stream_order.h"
#include "harness/nccl/nccl_communicator.h"
#include "model/device/device_stream.h"
#include "model/device/device_training.h"
#include "tests/model/device/tiny_models.h"
#include "tests/model/device/tiny_optimizers.h"

namespace isoloss {
namespace {

using namespace std::chrono_literals;

class NcclGroupOfOne : public testing::Test {
 protected:
  void SetUp() override {
    if (device_count() < 1) GTEST_SKIP() << "no CUDA device is visible";
    use_device(0);
  }
};

ncclUniqueId fresh_nccl_id() {
  ncclUniqueId id;
  if (ncclGetUniqueId(&id) != ncclSuccess) throw DeviceGroupFailed("NCCL makes no identity");
  return id;
}

TEST_F(NcclGroupOfOne, OperationsLeaveWhatTheRankHas) {
  NcclCommunicator group(fresh_nccl_id(), 0, 1, "group of one", 60s);
  const std::vector<float> before{1, -2, 3, 0.5F};
  const auto values = to_device<float>(before);
  const DeviceValues all{values.data(), before.size()};
  const std::vector<ElementRange> whole{{0, 4}}, middle{{1, 2}};
  Stream stream;
  const DeviceStream on = as_device_stream(stream);
  group.all_reduce_sum(all, on);
  group.all_reduce_mean(all, on);
  group.all_reduce_max(all, on);
  group.broadcast(all, 0, on);
  group.reduce_parts_mean(all, middle, on);
  for (const auto& parts : {whole, middle}) group.gather_parts(all, parts, on);
  stream.synchronize();
  EXPECT_EQ(to_host(values), before);
  EXPECT_FALSE(group.failure().has_value());
}

// As in a backward pass of ranks that share a model and its batches: sums and means on streams of
// their own, in turn, all of which the graph's stream waits for in the end. One rank has nothing to
// add up: what is seen is that a graph takes the waits.
TEST_F(NcclGroupOfOne, AGraphRecordsTwoGroupsThatTakeTurns) {
  NcclCommunicator tensor(fresh_nccl_id(), 0, 1, "tensor group of one", 60s);
  NcclCommunicator data(fresh_nccl_id(), 0, 1, "data group of one", 60s);
  CudaStreamOrder order;
  Stream compute, side, means;
  const DeviceStream on = as_device_stream(compute), on_side = as_device_stream(side),
                     of_means = as_device_stream(means);
  bool under_way = false;
  TakingTurns sums(tensor, order, of_means, [&] { return under_way; });
  const std::vector<float> before{1, -2, 3, 0.5F};
  const auto values = to_device<float>(before), others = to_device<float>(before);
  const auto left = DeviceArray<float>(4);
  Graph graph = Graph::capture(compute, [&] {
    for (int layer = 0; layer < 2; ++layer) {
      order.after(on_side, on);
      sums.all_reduce_sum({others.data(), before.size()}, on_side);
      order.after(on, on_side);
      order.after(of_means, on);
      data.all_reduce_mean({values.data(), before.size()}, of_means);
      under_way = true;
      sums.all_reduce_sum({others.data(), before.size()}, on);
    }
    order.after(on, of_means);
    under_way = false;
    compute.copy(left.data(), values.data(), before.size() * sizeof(float));
  });
  for (int i = 0; i < 2; ++i) graph.launch(compute);
  compute.synchronize();
  EXPECT_EQ(to_host(left), before);
  EXPECT_EQ(to_host(others), before);
}

std::vector<float> trained_weights(DeviceModel model, const GradientExchange& exchange) {
  const ModelSpec spec = model.spec();
  DeviceTraining training(std::move(model),
                          {.optimizer = kTinyAdamW, .clip_norm = 1, .exchange = exchange});
  for (int step = 0; step < 4; ++step) {
    training.start(tiny_tokens(spec, 2, step), step, 0.01);
    training.finish();
  }
  return training.model().weights();
}

// Gradients go to a second stream as they become final, as they do with more ranks; the graph is
// captured at the second step. It is gone before the group is.
TEST_F(NcclGroupOfOne, TheGraphOfAStepRecordsThem) {
  const ModelSpec spec = tiny_spec("primer");
  const DeviceModelOptions options{DeviceNumbers::BFloat16, 2};
  const std::vector<float> alone = trained_weights(DeviceModel(spec, 5, options), {});
  NcclCommunicator group(fresh_nccl_id(), 0, 1, "group of one", 60s);
  CudaStreamOrder order;
  Stream second;
  DeviceModel model(spec, 5, options);
  float* const gradients = model.buffers().gradients;
  const std::int64_t size = model.table().buffer_size;
  std::int64_t end = size;
  const DeviceStream exchange = as_device_stream(second);
  const GradientExchange through{
      .ready =
          [&](Stream& compute, std::int64_t offset) {
            order.after(exchange, as_device_stream(compute));
            if (offset < end)
              group.all_reduce_mean({gradients + offset, static_cast<std::size_t>(end - offset)},
                                    exchange);
            end = offset;
          },
      .finish =
          [&](Stream& compute, float* loss) {
            group.all_reduce_mean({loss, 1}, as_device_stream(compute));
            order.after(as_device_stream(compute), exchange);
            end = size;
          }};
  EXPECT_EQ(trained_weights(std::move(model), through), alone);
}

}  // namespace
}  // namespace isoloss
