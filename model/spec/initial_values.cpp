#include "model/spec/initial_values.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <future>
#include <vector>

#include "model/spec/counter_random.h"
#include "model/spec/own_cores.h"
#include "model/spec/shard.h"

namespace isoloss {
namespace {

double draw(const Parameter& parameter, std::uint64_t seed, std::uint64_t stream,
            std::uint64_t index) {
  if (parameter.initializer == Initializer::Constant) return parameter.value;
  if (parameter.initializer == Initializer::Normal)
    return parameter.value * random_normal(seed, stream, index);
  for (std::uint64_t attempt = 0;; ++attempt) {
    const double value = random_normal(seed, stream, index, attempt);
    if (std::abs(value) <= 2.0) return parameter.value * value;
  }
}

template <typename Real>
void fill_part(std::span<Real> values, const Parameter& parameter, std::uint64_t seed,
               std::int64_t first) {
  const std::uint64_t stream = stream_of("weights/" + parameter.name);
  for (std::size_t j = 0; j < values.size(); ++j)
    values[j] = static_cast<Real>(draw(
        parameter, seed, stream,
        static_cast<std::uint64_t>(whole_index(parameter, first + static_cast<std::int64_t>(j)))));
}

// On all of this process's cores: a draw takes tens of nanoseconds, a large model's a minute on
// one. Where the system gives no more threads, get() draws what is left.
template <typename Real>
void fill(std::span<Real> values, const Parameter& parameter, std::uint64_t seed,
          std::int64_t first) {
  constexpr std::size_t kLeast = std::size_t{1} << 16;  // elements that are worth a thread
  const std::size_t parts = std::clamp<std::size_t>(values.size() / kLeast, 1, own_cores());
  const std::size_t size = (values.size() + parts - 1) / parts;
  std::vector<std::future<void>> others;
  for (std::size_t part = 1; part < parts; ++part) {
    const std::size_t from = std::min(part * size, values.size());
    others.push_back(std::async(std::launch::async | std::launch::deferred, fill_part<Real>,
                                values.subspan(from, std::min(size, values.size() - from)),
                                std::cref(parameter), seed,
                                first + static_cast<std::int64_t>(from)));
  }
  fill_part(values.first(std::min(size, values.size())), parameter, seed, first);
  for (std::future<void>& other : others) other.get();
}

}  // namespace

void fill_initial(std::span<double> values, const Parameter& parameter, std::uint64_t seed,
                  std::int64_t first) {
  fill(values, parameter, seed, first);
}

void fill_initial(std::span<float> values, const Parameter& parameter, std::uint64_t seed,
                  std::int64_t first) {
  fill(values, parameter, seed, first);
}

}  // namespace isoloss
