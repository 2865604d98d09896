// Averages gradients on devices while the backward pass still runs: whatever is final goes in
// buckets, from the buffer's end to its beginning, to a second stream that waits for the first's
// work so far. Nobody waits on the host, so a graph records it all. gradient_average.h is the same
// for hosts. With one rank nothing is put on any stream.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "model/parallel/device_communicator.h"

namespace isoloss {

// The elements [0, elements) in buckets of `most`, from the end; the first of the buffer is what is
// left. They depend on the buffer alone, so that sums do not depend on when gradients are ready.
std::vector<ElementRange> buckets_from_end(std::size_t elements, std::size_t most);

// Of each part what lies in the bucket: the parts of `values` of a reduction of that bucket,
// counted from its first element.
std::vector<ElementRange> parts_in(ElementRange bucket, std::span<const ElementRange> parts);

class DeviceGradientAverage {
 public:
  // 32 MB of float32: a message of that length comes near a link's full rate, and a model of 124 M
  // parameters has fifteen of them, the last of which alone is not hidden.
  static constexpr std::size_t kBucketElements = std::size_t{1} << 23;

  // `exchange` is a stream of reductions alone. `parts` empty: every rank gets every mean.
  // Otherwise each rank gets those of its part, one a rank, which is half the traffic (ZeRO-1:
  // Rajbhandari et al. 2020, arXiv 1910.02054, section 7.1); the other elements are undefined then.
  DeviceGradientAverage(DeviceCommunicator& data, StreamOrder& order, DeviceValues gradients,
                        DeviceStream exchange, std::vector<ElementRange> parts = {},
                        std::size_t bucket_elements = kBucketElements);

  // Elements from `offset` on are final once what is on `compute` now is done.
  void ready(std::int64_t offset, DeviceStream compute);
  // All elements are, and `statistics` too, of which every rank gets the means; what is put on
  // `compute` from now on finds them.
  void finish(DeviceStream compute, DeviceValues statistics = {});
  // Whether means were put on the exchange's stream that no compute stream waits for yet.
  bool under_way() const { return next_ > 0; }

 private:
  void exchange(ElementRange bucket);

  DeviceCommunicator& data_;
  StreamOrder& order_;
  DeviceValues gradients_;
  DeviceStream exchange_;
  std::vector<ElementRange> parts_;
  std::vector<ElementRange> buckets_;
  std::size_t next_ = 0;  // bucket
};

}  // namespace isoloss
