#include "tests/gpu/device_timer.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <vector>

namespace isoloss {
namespace {

double now() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

double seconds_of(Stream& stream, int repeats, const std::function<void()>& work) {
  Event before, after;
  before.record(stream);
  for (int i = 0; i < repeats; ++i) work();
  after.record(stream);
  after.synchronize();
  return Event::milliseconds(before, after) * 1e-3 / repeats;
}

}  // namespace

DeviceTiming time_on_device(Stream& stream, double seconds, const std::function<void()>& work) {
  seconds_of(stream, 3, work);  // libraries load and choose, clocks rise
  const double once = std::max(seconds_of(stream, 3, work), 1e-7);
  DeviceTiming timing;
  timing.repeats = static_cast<int>(std::ceil(std::min(kSampleSeconds / once, 1e5)));
  timing.began = now();
  std::vector<double> samples;
  while (static_cast<int>(samples.size()) < kFewestSamples || now() - timing.began < seconds)
    samples.push_back(seconds_of(stream, timing.repeats, work));
  timing.ended = now();
  std::sort(samples.begin(), samples.end());
  timing.samples = static_cast<int>(samples.size());
  timing.low = samples[samples.size() / 4];
  timing.median = samples[samples.size() / 2];
  timing.high = samples[samples.size() * 3 / 4];
  return timing;
}

}  // namespace isoloss
