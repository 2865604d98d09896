// A device of host memory, for tests of what is put on streams: nothing happens until run(), which
// then takes the streams' work in any order that their waits allow.
#pragma once
#include <bit>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "harness/devices/device_links.h"
#include "model/parallel/communicator.h"
#include "model/parallel/device_communicator.h"
#include "tests/model/parallel/thread_ranks.h"

namespace isoloss::testing_devices {

class HostDevice final : public StreamOrder {
 public:
  DeviceStream stream() { return {&streams_.emplace_back()}; }
  void put(DeviceStream on, std::function<void()> work) {
    lane(on).tasks.push_back({std::move(work), nullptr, 0});
  }
  void after(DeviceStream later, DeviceStream earlier) override {
    lane(later).tasks.push_back({nullptr, &lane(earlier), lane(earlier).tasks.size()});
  }
  // Pieces of work and waits that were put on it.
  static std::size_t length(DeviceStream on) { return lane(on).tasks.size(); }
  // Whenever `first` can go on it does; the others only where it waits.
  void run(DeviceStream first) {
    while (step(lane(first)) || any_step()) {
    }
    for (const Lane& each : streams_)
      if (each.done < each.tasks.size()) throw std::logic_error("streams wait for each other");
  }

 private:
  struct Lane;
  struct Task {
    std::function<void()> work;
    const Lane* awaited;  // a wait until `count` tasks of that one are done
    std::size_t count;
  };
  struct Lane {
    std::vector<Task> tasks;
    std::size_t done = 0;
  };
  static Lane& lane(DeviceStream stream) { return *static_cast<Lane*>(stream.handle); }
  static bool step(Lane& on) {
    if (on.done == on.tasks.size()) return false;
    const Task& task = on.tasks[on.done];
    if (task.awaited != nullptr && task.awaited->done < task.count) return false;
    if (task.work) task.work();
    ++on.done;
    return true;
  }
  bool any_step() {
    for (Lane& each : streams_)
      if (step(each)) return true;
    return false;
  }

  std::deque<Lane> streams_;
};

inline float from_bfloat16(std::uint16_t bits) {
  return std::bit_cast<float>(std::uint32_t{bits} << 16);
}
// Of a finite value, to the nearest.
inline std::uint16_t to_bfloat16(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  return static_cast<std::uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

// Joins devices of host memory by a host's communicator.
class HostDeviceCommunicator final : public DeviceCommunicator {
 public:
  // Puts work on a stream of the device that reads and writes these values.
  using Put = std::function<void(DeviceStream, DeviceValues, std::function<void()>)>;

  HostDeviceCommunicator(std::unique_ptr<Communicator> ranks, Put put)
      : ranks_(std::move(ranks)), put_(std::move(put)) {}
  HostDeviceCommunicator(std::unique_ptr<Communicator> ranks, HostDevice& device)
      : HostDeviceCommunicator(
            std::move(ranks), [&device](DeviceStream on, DeviceValues, std::function<void()> work) {
              device.put(on, std::move(work));
            }) {}

  int rank() const override { return ranks_->rank(); }
  int size() const override { return ranks_->size(); }
  void all_reduce_sum(DeviceValues values, DeviceStream on) override {
    change(values, on, [this](std::span<float> all) { ranks_->all_reduce_sum(all); });
  }
  void all_reduce_mean(DeviceValues values, DeviceStream on) override {
    change(values, on, [this](std::span<float> all) { mean(all); });
  }
  void all_reduce_max(DeviceValues values, DeviceStream on) override {
    change(values, on, [this](std::span<float> all) { ranks_->all_reduce_max(all); });
  }
  void broadcast(DeviceValues values, int root, DeviceStream on) override {
    change(values, on, [this, root](std::span<float> all) {
      ranks_->broadcast(std::as_writable_bytes(all), root);
    });
  }
  void reduce_parts_mean(DeviceValues values, std::span<const ElementRange> parts,
                         DeviceStream on) override {
    const ElementRange mine = parts[static_cast<std::size_t>(rank())];
    change(values, on, [this, mine](std::span<float> all) {
      mean(all);
      for (std::size_t i = 0; i < all.size(); ++i)
        if (i < mine.first || i >= mine.first + mine.count)
          all[i] = std::numeric_limits<float>::quiet_NaN();
    });
  }
  void gather_parts(DeviceValues values, std::span<const ElementRange> parts,
                    DeviceStream on) override {
    change(values, on,
           [this, theirs = std::vector(parts.begin(), parts.end())](std::span<float> all) {
             for (int root = 0; root < size(); ++root) {
               const ElementRange& part = theirs[static_cast<std::size_t>(root)];
               ranks_->broadcast(std::as_writable_bytes(all.subspan(part.first, part.count)), root);
             }
           });
  }
  std::optional<std::string> failure() override { return std::nullopt; }
  void abort() noexcept override {}

 private:
  void change(DeviceValues values, DeviceStream on, std::function<void(std::span<float>)> how) {
    put_(on, values, [values, how = std::move(how)] {
      if (values.element == DeviceElement::Float32) {
        how({static_cast<float*>(values.data), values.count});
        return;
      }
      const std::span stored(static_cast<std::uint16_t*>(values.data), values.count);
      std::vector<float> wide;
      for (const std::uint16_t bits : stored) wide.push_back(from_bfloat16(bits));
      how(wide);
      for (std::size_t i = 0; i < stored.size(); ++i) stored[i] = to_bfloat16(wide[i]);
    });
  }
  void mean(std::span<float> all) {
    ranks_->all_reduce_sum(all);
    for (float& value : all) value /= static_cast<float>(size());
  }

  std::unique_ptr<Communicator> ranks_;
  Put put_;
};

// Where identities become groups, for all ranks of a test: whoever comes with one belongs to it,
// whatever else it knows, as with NCCL.
struct HostNetwork {
  std::mutex lock;
  std::uint8_t made = 0;  // identities
  std::map<DeviceGroupId, std::shared_ptr<testing_ranks::Meeting>> groups;
  std::vector<std::string> names;  // of groups, once for each rank that joined
};

class HostLinks final : public DeviceLinks {
 public:
  HostLinks(HostNetwork& network, HostDevice& device) : network_(network), device_(device) {}
  bool fails = false;

  DeviceGroupId fresh_id() override {
    if (fails) throw std::runtime_error("no network");
    const std::lock_guard guard(network_.lock);
    DeviceGroupId id{};
    id.back() = std::byte{++network_.made};
    return id;
  }
  std::unique_ptr<DeviceCommunicator> join(const DeviceGroupId& id, int rank, int size,
                                           const std::string& name) override {
    const std::lock_guard guard(network_.lock);
    auto& meeting = network_.groups[id];
    if (!meeting) meeting = std::make_shared<testing_ranks::Meeting>(size);
    network_.names.push_back(name);
    return std::make_unique<HostDeviceCommunicator>(
        std::make_unique<testing_ranks::ThreadCommunicator>(meeting, rank), device_);
  }

 private:
  HostNetwork& network_;
  HostDevice& device_;
};

}  // namespace isoloss::testing_devices
