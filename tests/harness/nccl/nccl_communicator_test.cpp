// On as many devices as there are, four at most, a thread for each; skipped where there are fewer
// than a test needs.
#include "harness/nccl/nccl_communicator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "harness/devices/device_links.h"
#include "harness/devices/gradient_buckets.h"
#include "harness/nccl/cuda_check.h"
#include "harness/nccl/cuda_stream_order.h"
#include "harness/nccl/nccl_links.h"
#include "harness/nccl/visible_devices.h"
#include "harness/ranks/self_communicator.h"
#include "tests/model/parallel/thread_ranks.h"

namespace isoloss {
namespace {

using namespace std::chrono_literals;
using testing::Each;
using testing::HasSubstr;

int devices_here() { return std::min<int>(static_cast<int>(visible_devices().size()), 4); }

class NcclGroups : public testing::Test {
 protected:
  void SetUp() override {
    if (devices_here() < 2)
      GTEST_SKIP() << "needs 2 CUDA devices, and " << devices_here() << " are visible";
  }
};

// Floats of a device and a stream on it.
class Buffer {
 public:
  explicit Buffer(const std::vector<float>& values) : count_(values.size()) {
    check_cuda(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), "cudaStreamCreate");
    check_cuda(cudaMalloc(&data_, bytes()), "cudaMalloc");
    check_cuda(cudaMemcpy(data_, values.data(), bytes(), cudaMemcpyHostToDevice), "cudaMemcpy");
  }
  ~Buffer() {
    cudaFree(data_);
    cudaStreamDestroy(stream_);
  }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;

  DeviceValues values() const { return {data_, count_}; }
  DeviceStream stream() const { return {stream_}; }
  std::vector<float> read() const {
    std::vector<float> values(count_);
    check_cuda(cudaStreamSynchronize(stream_), "cudaStreamSynchronize");
    check_cuda(cudaMemcpy(values.data(), data_, bytes(), cudaMemcpyDeviceToHost), "cudaMemcpy");
    return values;
  }

 private:
  std::size_t bytes() const { return count_ * sizeof(float); }
  std::size_t count_;
  void* data_ = nullptr;
  cudaStream_t stream_ = nullptr;
};

// work(hosts, groups) on a thread for each device, its own current.
void on_devices(const std::function<void(Communicator&, DeviceGroups&)>& work) {
  std::vector<NcclLinks> links;  // made before there are threads: it sets the environment
  for (int device = 0; device < devices_here(); ++device) links.emplace_back(device, 60s);
  testing_ranks::on_ranks(devices_here(), [&](Communicator& hosts) {
    SelfCommunicator alone;
    DeviceGroups groups(hosts, alone, hosts, links[static_cast<std::size_t>(hosts.rank())], "test");
    work(hosts, groups);
  });
}

std::vector<float> read_after(const Buffer& buffer,
                              const std::function<void(DeviceValues, DeviceStream)>& operation) {
  operation(buffer.values(), buffer.stream());
  return buffer.read();
}

// With rank r's values r and 2r: sums n(n-1)/2 and n(n-1), means (n-1)/2 and n-1.
TEST_F(NcclGroups, SumsMeansAndLargest) {
  const auto n = static_cast<float>(devices_here());
  std::atomic<int> right = 0;
  on_devices([&](Communicator& hosts, DeviceGroups& groups) {
    const auto r = static_cast<float>(hosts.rank());
    DeviceCommunicator& all = *groups.all();
    const auto after = [&](const auto& operation) {
      return read_after(Buffer({r, 2 * r}), operation);
    };
    using Values = std::vector<float>;
    if (after([&](auto v, auto on) { all.all_reduce_sum(v, on); }) ==
        Values{n * (n - 1) / 2, n * (n - 1)})
      ++right;
    if (after([&](auto v, auto on) { all.all_reduce_mean(v, on); }) == Values{(n - 1) / 2, n - 1})
      ++right;
    if (after([&](auto v, auto on) { all.all_reduce_max(v, on); }) == Values{n - 1, 2 * (n - 1)})
      ++right;
    if (after([&](auto v, auto on) { all.broadcast(v, 1, on); }) == Values{1, 2}) ++right;
  });
  EXPECT_EQ(right, 4 * devices_here());
}

// Parts of one, two, .. elements and equal parts: NCCL has another operation for those.
TEST_F(NcclGroups, PartsAreReducedAndGathered) {
  std::atomic<int> wrong = 0;
  const auto ranks = static_cast<std::size_t>(devices_here());
  for (const bool equal : {false, true}) {
    std::vector<ElementRange> parts;
    for (std::size_t r = 0; r < ranks; ++r) {
      const std::size_t first = parts.empty() ? 0 : parts.back().first + parts.back().count;
      parts.push_back({first, equal ? 2 : r + 1});
    }
    on_devices([&](Communicator& hosts, DeviceGroups& groups) {
      const auto rank = static_cast<std::size_t>(hosts.rank());
      std::vector<float> mine(parts.back().first + parts.back().count);
      std::iota(mine.begin(), mine.end(), static_cast<float>(rank));
      const Buffer buffer(mine);
      groups.data()->reduce_parts_mean(buffer.values(), parts, buffer.stream());
      groups.data()->gather_parts(buffer.values(), parts, buffer.stream());
      const std::vector<float> all = buffer.read();
      for (std::size_t i = 0; i < all.size(); ++i)
        if (all[i] != static_cast<float>(i) + static_cast<float>(ranks - 1) / 2) ++wrong;
    });
  }
  EXPECT_EQ(wrong, 0);
}

// A captured step is replayed twice: the mean of means is the mean.
TEST_F(NcclGroups, AGraphRecordsTheBucketsOnTwoStreams) {
  std::atomic<int> wrong = 0;
  const auto n = static_cast<float>(devices_here());
  on_devices([&](Communicator& hosts, DeviceGroups& groups) {
    const Buffer gradients(std::vector<float>(1000, static_cast<float>(hosts.rank())));
    const Buffer second({0});
    CudaStreamOrder order;
    DeviceGradientAverage average(*groups.data(), order, gradients.values(), second.stream(), {},
                                  300);
    average.finish(gradients.stream());  // connects
    gradients.read();
    const auto stream = static_cast<cudaStream_t>(gradients.stream().handle);
    cudaGraph_t graph = nullptr;
    cudaGraphExec_t step = nullptr;
    check_cuda(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal), "capture");
    average.ready(500, gradients.stream());
    average.finish(gradients.stream());
    check_cuda(cudaStreamEndCapture(stream, &graph), "capture");
    check_cuda(cudaGraphInstantiate(&step, graph, 0), "cudaGraphInstantiate");
    for (int i = 0; i < 2; ++i) check_cuda(cudaGraphLaunch(step, stream), "cudaGraphLaunch");
    for (const float value : gradients.read())
      if (value != (n - 1) / 2) ++wrong;
    cudaGraphExecDestroy(step);
    cudaGraphDestroy(graph);
  });
  EXPECT_EQ(wrong, 0);
}

TEST_F(NcclGroups, GroupsComeAndGo) {
  std::atomic<int> right = 0;
  for (int run = 0; run < 3; ++run)
    on_devices([&](Communicator& hosts, DeviceGroups& groups) {
      const Buffer one({1});
      groups.all()->all_reduce_sum(one.values(), one.stream());
      if (one.read() == std::vector<float>{static_cast<float>(hosts.size())}) ++right;
    });
  EXPECT_EQ(right, 3 * devices_here());
}

// Rank 1 never sums: rank 0's stream waits until the group is ended, and then gets on.
TEST_F(NcclGroups, AnAbortFreesAStreamThatWaits) {
  std::atomic<int> freed = 0;
  on_devices([&](Communicator& hosts, DeviceGroups& groups) {
    const Buffer one({1});
    groups.all()->all_reduce_sum(one.values(), one.stream());
    one.read();
    hosts.barrier();
    if (hosts.rank() != 1) groups.all()->all_reduce_sum(one.values(), one.stream());
    groups.all()->abort();
    one.read();
    ++freed;
    EXPECT_THROW(groups.all()->all_reduce_sum(one.values(), one.stream()), DeviceGroupFailed);
    hosts.barrier();
  });
  EXPECT_EQ(freed, devices_here());
}

// NCCL refuses at once, and makes no group that could be aborted.
TEST(NcclRefusal, WithoutADeviceComesOutInNcclsWords) {
  if (devices_here() > 0) GTEST_SKIP() << "there are CUDA devices";
  try {
    const NcclCommunicator group(ncclUniqueId{}, 0, 1, "group of one", 500ms);
    FAIL();
  } catch (const DeviceGroupFailed& failure) {
    EXPECT_THAT(failure.what(), HasSubstr("rank 0 of the group of one cannot be made ("));
    EXPECT_THAT(failure.what(), HasSubstr("; NCCL last said: Cuda failure"));
  }
}

TEST(NcclPatience, ARankThatNeverComesIsATimeOutOfAName) {
  if (devices_here() < 1) GTEST_SKIP() << "no CUDA device is visible";
  NcclLinks links(0, 500ms);
  try {
    links.join(links.fresh_id(), 0, 2, "data group of run 0123");
    FAIL();
  } catch (const DeviceGroupFailed& failure) {
    EXPECT_THAT(failure.what(), HasSubstr("rank 0 of the data group of run 0123 cannot be made"));
  }
}

}  // namespace
}  // namespace isoloss
