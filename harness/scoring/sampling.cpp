#include "harness/scoring/sampling.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

#include "model/spec/counter_random.h"

namespace isoloss {

std::int32_t sampled_token(std::span<const double> logits, const SamplingOptions& options,
                           std::int64_t place) {
  std::vector<std::int32_t> order(logits.size());
  std::iota(order.begin(), order.end(), 0);
  const auto logit = [&](std::int32_t token) { return logits[static_cast<std::size_t>(token)]; };
  std::ranges::stable_sort(order, std::greater<>(), logit);
  if (options.temperature == 0) return order.front();
  if (options.top_k > 0 && options.top_k < std::ssize(order))
    order.resize(static_cast<std::size_t>(options.top_k));
  std::vector<double> sums;
  double sum = 0;
  for (const std::int32_t token : order) {
    sum += std::exp((logit(token) - logit(order.front())) / options.temperature);
    sums.push_back(sum);
  }
  static const std::uint64_t stream = stream_of("sampled text");
  const double drawn =
      sum * random_uniform(options.seed, stream, static_cast<std::uint64_t>(place));
  const auto at = std::ranges::upper_bound(sums, drawn) - sums.begin();
  return order[static_cast<std::size_t>(std::min(at, std::ssize(order) - 1))];
}

std::vector<std::int32_t> sampled_tokens(const LanguageModel& model,
                                         const std::vector<std::int32_t>& prompt,
                                         std::int64_t count, const SamplingOptions& options,
                                         std::int64_t kept) {
  std::vector<std::int32_t> window = prompt;  // what the model has read, and reads next
  std::vector<std::int32_t> next = prompt;
  std::vector<std::int32_t> written;
  DecodingState state = model.nothing_read(1);
  while (std::ssize(written) < count) {
    if (std::ssize(window) > model.spec().sequence) {
      window.erase(window.begin() + kept);
      next = window;
      state = model.nothing_read(1);
    }
    const TokenPlace last{0, std::ssize(next) - 1};
    const std::vector<double> logits = model.read(state, {next}, std::span(&last, 1));
    written.push_back(sampled_token(logits, options, std::ssize(written)));
    window.push_back(written.back());
    next = {written.back()};
  }
  return written;
}

}  // namespace isoloss
