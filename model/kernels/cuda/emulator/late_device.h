// A device that is as late as a device may be: nothing that is put on a stream happens before the
// host waits for it, or for what comes after it. So a test sees when the host waits, how much lies
// before the device then, and whether somebody reads or overwrites memory without having waited.
#pragma once
#include <cstdint>

namespace isoloss {

// While it lives, of all streams of this thread's; one at a time. Ranks, a thread each, may meet in
// what their devices do, but not on their hosts while work lies there.
class LateDevice {
 public:
  LateDevice();
  ~LateDevice();
  LateDevice(const LateDevice&) = delete;
  LateDevice& operator=(const LateDevice&) = delete;

  // How often the host waited for what was not done.
  std::int64_t waits() const;
  // Pieces of work that lie before the device.
  std::int64_t pending() const;
};

}  // namespace isoloss
