#include "harness/devices/gradient_buckets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <memory>
#include <numeric>
#include <vector>

#include "tests/harness/devices/host_device.h"

namespace isoloss {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing_devices::from_bfloat16;
using testing_devices::HostDevice;
using testing_devices::HostDeviceCommunicator;
using testing_devices::to_bfloat16;

TEST(GradientBuckets, GoFromTheEnd) {
  EXPECT_THAT(buckets_from_end(10, 4),
              ElementsAre(ElementRange{6, 4}, ElementRange{2, 4}, ElementRange{0, 2}));
  EXPECT_THAT(buckets_from_end(4, 4), ElementsAre(ElementRange{0, 4}));
  EXPECT_THAT(buckets_from_end(0, 4), IsEmpty());
}

// Parts [0, 3), [3, 3), [5, 10): the bucket [2, 7) holds one element of the first and two of the
// last.
TEST(GradientBuckets, PartsAreCutAtBuckets) {
  const std::vector<ElementRange> parts = {{0, 3}, {3, 0}, {5, 5}};
  EXPECT_THAT(parts_in({2, 5}, parts),
              ElementsAre(ElementRange{0, 1}, ElementRange{}, ElementRange{3, 2}));
}

struct Streams {
  DeviceStream compute, exchange;
};

constexpr std::size_t kElements = 23, kBucket = 5;

std::unique_ptr<Communicator> all_of(Communicator& ranks) {
  std::vector<int> members(static_cast<std::size_t>(ranks.size()));
  std::iota(members.begin(), members.end(), 0);
  return ranks.group(members);
}

// Which stream goes on first whenever both can.
enum class Ahead { Compute, Exchange };

// Two steps whose backward pass writes element i of rank r as i + r + 100 step, announces what is
// final now and then, and leaves the rest at a value that no mean may hold. What the update of each
// finds in the buffer.
std::vector<std::vector<float>> updates_of(Communicator& ranks, Ahead ahead,
                                           const std::vector<ElementRange>& parts) {
  HostDevice device;
  HostDeviceCommunicator data(all_of(ranks), device);
  const Streams streams{device.stream(), device.stream()};
  constexpr float kNotFinal = -1000;
  std::vector<float> gradients(kElements, kNotFinal);
  std::vector<std::vector<float>> updates;
  DeviceGradientAverage average(data, device, {gradients.data(), kElements}, streams.exchange,
                                parts, kBucket);
  for (const int step : {0, 1}) {
    std::size_t end = kElements;
    for (const std::size_t first : {19, 18, 11, 3, 0}) {
      device.put(streams.compute, [&, first, end, step] {
        for (std::size_t i = first; i < end; ++i)
          gradients[i] = static_cast<float>(i) + static_cast<float>(ranks.rank() + 100 * step);
      });
      average.ready(static_cast<std::int64_t>(first), streams.compute);
      end = first;
    }
    average.finish(streams.compute);
    device.put(streams.compute, [&] {
      updates.push_back(gradients);
      std::ranges::fill(gradients, kNotFinal);
    });
  }
  device.run(ahead == Ahead::Compute ? streams.compute : streams.exchange);
  return updates;
}

// The mean of r over n ranks is (n - 1) / 2.
float mean_of(std::size_t i, int ranks, std::size_t step) {
  return static_cast<float>(i) + static_cast<float>(ranks - 1) / 2 + 100 * static_cast<float>(step);
}

TEST(GradientBuckets, UpdatesFindMeansWhicheverStreamIsAhead) {
  for (const int ranks : {1, 2, 4})
    for (const Ahead ahead : {Ahead::Compute, Ahead::Exchange}) {
      std::atomic<int> wrong = 0;
      testing_ranks::on_ranks(ranks, [&](Communicator& hosts) {
        const auto updates = updates_of(hosts, ahead, {});
        for (std::size_t step = 0; step < 2; ++step)
          for (std::size_t i = 0; i < kElements; ++i)
            if (updates.at(step)[i] != mean_of(i, ranks, step)) ++wrong;
      });
      EXPECT_EQ(wrong, 0) << ranks << " ranks";
    }
}

// Unequal parts that begin and end inside buckets, one of them empty: what is not a rank's own is
// not a number there.
TEST(GradientBuckets, EachRankFindsTheMeansOfItsPart) {
  const std::vector<ElementRange> parts = {{0, 7}, {7, 0}, {7, 12}, {19, 4}};
  for (const Ahead ahead : {Ahead::Compute, Ahead::Exchange}) {
    std::atomic<int> wrong = 0;
    testing_ranks::on_ranks(4, [&](Communicator& hosts) {
      const auto updates = updates_of(hosts, ahead, parts);
      const ElementRange mine = parts[static_cast<std::size_t>(hosts.rank())];
      for (std::size_t step = 0; step < 2; ++step)
        for (std::size_t i = 0; i < kElements; ++i) {
          const float found = updates.at(step)[i];
          const bool own = i >= mine.first && i < mine.first + mine.count;
          if (own ? found != mean_of(i, 4, step) : !std::isnan(found)) ++wrong;
        }
    });
    EXPECT_EQ(wrong, 0);
  }
}

// Of two bytes an element: buckets begin where their elements do.
TEST(GradientBuckets, BfloatGradientsAreAveragedToo) {
  std::atomic<int> wrong = 0;
  testing_ranks::on_ranks(2, [&](Communicator& hosts) {
    HostDevice device;
    HostDeviceCommunicator data(all_of(hosts), device);
    const Streams streams{device.stream(), device.stream()};
    std::vector<std::uint16_t> gradients;
    for (std::size_t i = 0; i < kElements; ++i)
      gradients.push_back(
          to_bfloat16(static_cast<float>(i) + 2 * static_cast<float>(hosts.rank())));
    DeviceGradientAverage average(data, device,
                                  {gradients.data(), kElements, DeviceElement::Bfloat16},
                                  streams.exchange, {}, kBucket);
    average.finish(streams.compute);
    device.run(streams.exchange);
    for (std::size_t i = 0; i < kElements; ++i)
      if (from_bfloat16(gradients[i]) != static_cast<float>(i + 1)) ++wrong;
  });
  EXPECT_EQ(wrong, 0);
}

// The reduction of a bucket waits for the work before its announcement and for nothing after.
TEST(GradientBuckets, ReductionsBeginBeforeTheBackwardPassEnds) {
  std::atomic<int> early = 0;
  testing_ranks::on_ranks(2, [&](Communicator& hosts) {
    HostDevice device;
    HostDeviceCommunicator data(all_of(hosts), device);
    const Streams streams{device.stream(), device.stream()};
    std::vector<float> gradients(2 * kBucket, static_cast<float>(hosts.rank()));
    DeviceGradientAverage average(data, device, {gradients.data(), gradients.size()},
                                  streams.exchange, {}, kBucket);
    average.ready(kBucket, streams.compute);
    device.put(streams.compute, [&] {
      if (gradients.back() == 0.5F && gradients.front() != 0.5F) ++early;
    });
    average.finish(streams.compute);
    device.run(streams.exchange);
  });
  EXPECT_EQ(early, 2);
}

// A loss that the compute stream leaves after the last announcement.
TEST(GradientBuckets, StatisticsAreAveragedWithTheLastBucket) {
  std::atomic<int> right = 0;
  testing_ranks::on_ranks(4, [&](Communicator& hosts) {
    HostDevice device;
    HostDeviceCommunicator data(all_of(hosts), device);
    const Streams streams{device.stream(), device.stream()};
    std::vector<float> gradients(kElements);
    float loss = -1;
    DeviceGradientAverage average(data, device, {gradients.data(), kElements}, streams.exchange);
    average.ready(0, streams.compute);
    device.put(streams.compute, [&] { loss = static_cast<float>(hosts.rank()); });
    average.finish(streams.compute, {&loss, 1});
    device.put(streams.compute, [&] { right += loss == 1.5F ? 1 : 0; });
    device.run(streams.exchange);
  });
  EXPECT_EQ(right, 4);
}

TEST(GradientBuckets, OneRankPutsNothingOnAnyStream) {
  testing_ranks::on_ranks(1, [](Communicator& hosts) {
    HostDevice device;
    HostDeviceCommunicator data(all_of(hosts), device);
    const Streams streams{device.stream(), device.stream()};
    std::vector<float> gradients(kElements);
    DeviceGradientAverage average(data, device, {gradients.data(), kElements}, streams.exchange, {},
                                  kBucket);
    average.ready(0, streams.compute);
    average.finish(streams.compute);
    EXPECT_EQ(HostDevice::length(streams.compute), 0U);
    EXPECT_EQ(HostDevice::length(streams.exchange), 0U);
  });
}

}  // namespace
}  // namespace isoloss
