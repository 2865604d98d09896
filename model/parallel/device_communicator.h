// The seam between a training step on devices and whatever joins them: a group of ranks, each with
// a device of its own, and the operations on memory of those. An operation is put on a stream and
// returns: it waits for no device, so that a graph of a step can record it. Sister of
// communicator.h, which works on host memory; NCCL's leaf is harness/nccl/nccl_communicator.h.
#pragma once
#include <cstddef>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>

namespace isoloss {

enum class DeviceElement { Float32, Bfloat16 };

constexpr std::size_t element_bytes(DeviceElement element) {
  return element == DeviceElement::Float32 ? 4 : 2;
}

struct ElementRange {
  std::size_t first = 0, count = 0;
  bool operator==(const ElementRange&) const = default;
};

// `count` elements from `data` on, in memory of the device.
struct DeviceValues {
  void* data = nullptr;
  std::size_t count = 0;
  DeviceElement element = DeviceElement::Float32;

  DeviceValues part(ElementRange range) const {
    return {static_cast<std::byte*>(data) + range.first * element_bytes(element), range.count,
            element};
  }
};

// Work of a device in order; `handle` is what the device's library calls it (a cudaStream_t).
struct DeviceStream {
  void* handle = nullptr;
  bool operator==(const DeviceStream&) const = default;
};

// The group's ranks can no longer work together; its run has failed, and other groups have not.
struct DeviceGroupFailed : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Every rank of the group puts the same operations, of equal counts and elements, in the same
// order, on one stream or on streams that wait for each other in between. All work in place and
// leave the same bits wherever several ranks hold a result. Operations throw DeviceGroupFailed once
// the group has failed or was aborted.
class DeviceCommunicator {
 public:
  virtual ~DeviceCommunicator() = default;
  virtual int rank() const = 0;
  virtual int size() const = 0;

  virtual void all_reduce_sum(DeviceValues values, DeviceStream on) = 0;
  virtual void all_reduce_mean(DeviceValues values, DeviceStream on) = 0;
  virtual void all_reduce_max(DeviceValues values, DeviceStream on) = 0;
  virtual void broadcast(DeviceValues values, int root, DeviceStream on) = 0;
  // Each rank's part of `values` becomes its mean over ranks on that rank; the other parts are
  // undefined there. One part a rank, empty ones too, none of which overlap (ZeRO-1's gradients).
  virtual void reduce_parts_mean(DeviceValues values, std::span<const ElementRange> parts,
                                 DeviceStream on) = 0;
  // Each rank's part goes to all ranks (ZeRO-1's weights).
  virtual void gather_parts(DeviceValues values, std::span<const ElementRange> parts,
                            DeviceStream on) = 0;

  // What went wrong in the background, a lost connection for one; absent while all is well. Asks
  // without waiting; from any thread.
  virtual std::optional<std::string> failure() = 0;
  // Ends the operations that are on their way, so that streams which wait for them get on; their
  // values are undefined. From any thread; a second time does nothing.
  virtual void abort() noexcept = 0;
};

// How streams of one device wait for each other, without the host.
class StreamOrder {
 public:
  virtual ~StreamOrder() = default;
  // What is put on `later` from now on begins after all that is on `earlier` now.
  virtual void after(DeviceStream later, DeviceStream earlier) = 0;
};

}  // namespace isoloss
