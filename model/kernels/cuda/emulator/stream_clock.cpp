#include "model/kernels/cuda/emulator/stream_clock.h"

#include <algorithm>
#include <mutex>
#include <set>

namespace isoloss {
namespace {

struct Waited {
  std::mutex lock;
  StreamNumber made = 0;
  StreamClock clock;
  std::set<StreamNumber> live;  // of which something may not have been waited for
};
// Outlives whatever is static elsewhere.
Waited& waited() {
  static Waited& all = *new Waited;
  return all;
}

}  // namespace

StreamNumber new_stream_number() {
  Waited& all = waited();
  const std::lock_guard guard(all.lock);
  all.live.insert(++all.made);
  return all.made;
}

void join(StreamClock& to, const StreamClock& from) {
  for (const auto& [stream, piece] : from) {
    const auto known = to.emplace(stream, piece).first;
    known->second = std::max(known->second, piece);
  }
}

void host_waited(const StreamClock& clock) {
  Waited& all = waited();
  const std::lock_guard guard(all.lock);
  join(all.clock, clock);
  std::erase_if(all.clock, [&](const auto& entry) { return !all.live.contains(entry.first); });
}

void join_waited(StreamClock& to) {
  Waited& all = waited();
  const std::lock_guard guard(all.lock);
  join(to, all.clock);
  std::erase_if(to, [&](const auto& entry) { return !all.live.contains(entry.first); });
}

void end_stream(StreamNumber number, std::size_t last) {
  Waited& all = waited();
  const std::lock_guard guard(all.lock);
  const auto known = all.clock.find(number);
  if (last > 0 && (known == all.clock.end() || known->second < last)) return;
  all.live.erase(number);
  all.clock.erase(number);
}

bool covers(const StreamClock& clock, StreamNumber number, std::size_t piece) {
  if (const auto known = clock.find(number); known != clock.end() && known->second >= piece)
    return true;
  Waited& all = waited();
  const std::lock_guard guard(all.lock);
  return !all.live.contains(number);
}

}  // namespace isoloss
