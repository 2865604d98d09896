#include "model/spec/initial_values.h"

#include <cmath>

#include "model/spec/counter_random.h"
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
void fill(std::span<Real> values, const Parameter& parameter, std::uint64_t seed,
          std::int64_t first) {
  const std::uint64_t stream = stream_of("weights/" + parameter.name);
  for (std::size_t j = 0; j < values.size(); ++j)
    values[j] = static_cast<Real>(draw(
        parameter, seed, stream,
        static_cast<std::uint64_t>(whole_index(parameter, first + static_cast<std::int64_t>(j)))));
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
