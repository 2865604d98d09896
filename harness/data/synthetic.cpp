#include "harness/data/synthetic.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <span>

#include "model/spec/counter_random.h"
#include "model/spec/error.h"

namespace isoloss {
namespace {

constexpr double kLargestTable = 4'194'304;  // entries of `next`: 32 MiB

void require(bool holds, const char* field, const std::string& value, const char* range) {
  if (!holds)
    throw InputError(
        fmt::format("data.synthetic.{} is {} (out of range); give {}", field, value, range));
}

void check_spec(const SyntheticSpec& spec) {
  const auto share = [](double x) { return x >= 0 && x <= 1; };
  const auto text = [](auto x) { return fmt::format("{}", x); };
  require(spec.symbols >= 2, "symbols", text(spec.symbols), "at least 2");
  require(spec.topics >= 1, "topics", text(spec.topics), "at least 1");
  const double entries = static_cast<double>(spec.topics) * std::pow(spec.symbols, 3);
  require(entries <= kLargestTable, "symbols", text(spec.symbols),
          "fewer (topics * symbols^3 is at most 4194304)");
  require(share(spec.stay) && (spec.stay < 1 || spec.topics == 1), "stay", text(spec.stay),
          "0 or more and less than 1");
  require(spec.zipf >= 0 && std::isfinite(spec.zipf), "zipf", text(spec.zipf), "0 or more");
  require(share(spec.mix_bigram), "mix_bigram", text(spec.mix_bigram), "0 to 1");
  require(share(spec.mix_trigram) && spec.mix_bigram + spec.mix_trigram <= 1 + 1e-12, "mix_trigram",
          text(spec.mix_trigram), "0 to 1 - mix_bigram");
  require(spec.concentration > 0 && std::isfinite(spec.concentration), "concentration",
          text(spec.concentration), "more than 0");
  require(spec.bigram_concentration > 0 && std::isfinite(spec.bigram_concentration),
          "bigram_concentration", text(spec.bigram_concentration), "more than 0");
  require(spec.tokens >= 1, "tokens", text(spec.tokens), "at least 1");
}

// Dirichlet draws around the Zipf distribution, one row after the other.
class Rows {
 public:
  Rows(const SyntheticSpec& spec, double concentration, std::string_view stream)
      : seed_(spec.seed), stream_(stream_of(stream)) {
    double sum = 0;
    for (std::int64_t rank = 1; rank <= spec.symbols; ++rank) {
      shapes_.push_back(std::pow(static_cast<double>(rank), -spec.zipf));
      sum += shapes_.back();
    }
    for (double& shape : shapes_) shape *= concentration * static_cast<double>(spec.symbols) / sum;
  }

  std::vector<double> row(std::uint64_t number) const {
    std::vector<double> logs;
    for (std::size_t i = 0; i < shapes_.size(); ++i)
      logs.push_back(log_gamma_draw(shapes_[i], seed_, stream_, number * shapes_.size() + i));
    const double most = *std::max_element(logs.begin(), logs.end());
    double sum = 0;
    for (double& value : logs) sum += value = std::exp(value - most);
    for (double& value : logs) value /= sum;
    return logs;
  }

 private:
  std::uint64_t seed_, stream_;
  std::vector<double> shapes_;
};

void fill_tables(SyntheticLanguage& language) {
  const SyntheticSpec& spec = language.spec;
  const auto V = static_cast<std::size_t>(spec.symbols);
  const auto K = static_cast<std::size_t>(spec.topics);
  const Rows bigrams(spec, spec.bigram_concentration, "synthetic/bigram");
  const Rows trigrams(spec, spec.concentration, "synthetic/trigram");
  const Rows topic_trigrams(spec, spec.concentration, "synthetic/topic");
  const double rest = std::max(0.0, 1 - spec.mix_bigram - spec.mix_trigram);
  std::vector<std::vector<double>> bigram;
  for (std::size_t b = 0; b < V; ++b) bigram.push_back(bigrams.row(b));
  language.next.resize(K * V * V * V);
  for (std::size_t pair = 0; pair < V * V; ++pair) {
    const std::vector<double> trigram = trigrams.row(pair);
    for (std::size_t topic = 0; topic < K; ++topic) {
      const std::vector<double> own = topic_trigrams.row(topic * V * V + pair);
      double* out = language.next.data() + (topic * V * V + pair) * V;
      for (std::size_t c = 0; c < V; ++c)
        out[c] =
            spec.mix_bigram * bigram[pair % V][c] + spec.mix_trigram * trigram[c] + rest * own[c];
    }
  }
}

// One step of the chain over (topic, a, b): the topic moves, then a symbol follows.
std::vector<double> step_of(const SyntheticLanguage& language, const std::vector<double>& now) {
  const auto V = static_cast<std::size_t>(language.spec.symbols);
  const auto K = static_cast<std::size_t>(language.spec.topics);
  const double anew = (1 - language.spec.stay) / static_cast<double>(K);
  std::vector<double> pairs(V * V, 0.0);
  for (std::size_t i = 0; i < now.size(); ++i) pairs[i % (V * V)] += now[i];
  std::vector<double> after(now.size(), 0.0);
  for (std::size_t i = 0; i < now.size(); ++i) {
    const std::size_t topic = i / (V * V);
    const double weight = language.spec.stay * now[i] + anew * pairs[i % (V * V)];
    const double* row = language.next.data() + i * V;
    double* out = after.data() + (topic * V + i % V) * V;
    for (std::size_t c = 0; c < V; ++c) out[c] += weight * row[c];
  }
  return after;
}

// Power iteration; a change of 1e-14 leaves an error of 1e-14 / (1 - stay) at most.
void solve_stationary(SyntheticLanguage& language) {
  const auto V = static_cast<std::size_t>(language.spec.symbols);
  const std::size_t states = static_cast<std::size_t>(language.spec.topics) * V * V;
  std::vector<double> now(states, 1.0 / static_cast<double>(states));
  for (int step = 0; step < 200'000; ++step) {
    std::vector<double> after = step_of(language, now);
    double sum = 0;
    for (const double p : after) sum += p;
    double change = 0;
    for (std::size_t i = 0; i < states; ++i) {
      after[i] /= sum;
      change += std::abs(after[i] - now[i]);
    }
    now = std::move(after);
    if (change < 1e-14) {
      language.stationary = std::move(now);
      return;
    }
  }
  throw InputError(fmt::format(
      "data.synthetic has no stationary distribution that can be found (stay is {}); lower stay",
      language.spec.stay));
}

// Cumulative sums of rows of `width`; what rounding leaves below 1 goes to the last symbol that has
// any probability.
std::vector<double> cumulative(const std::vector<double>& probabilities, std::size_t width) {
  std::vector<double> sums(probabilities.size());
  for (std::size_t row = 0; row < probabilities.size(); row += width) {
    double sum = 0;
    std::size_t last = row;
    for (std::size_t i = row; i < row + width; ++i) {
      sums[i] = sum += probabilities[i];
      if (probabilities[i] > 0) last = i;
    }
    for (std::size_t i = last; i < row + width; ++i) sums[i] = 2;
  }
  return sums;
}

std::size_t pick(std::span<const double> sums, double uniform) {
  return static_cast<std::size_t>(std::upper_bound(sums.begin(), sums.end(), uniform) -
                                  sums.begin());
}

double uniform53(std::uint32_t high, std::uint32_t low) {
  return static_cast<double>(((static_cast<std::uint64_t>(high) << 32) | low) >> 11) * 0x1.0p-53;
}

}  // namespace

double log_gamma_draw(double shape, std::uint64_t seed, std::uint64_t stream, std::uint64_t index) {
  const double raised = shape < 1 ? shape + 1 : shape;
  const double d = raised - 1.0 / 3;
  const double c = 1 / std::sqrt(9 * d);
  for (std::uint64_t attempt = 1;; ++attempt) {
    const double x = random_normal(seed, stream, index, 2 * attempt);
    const double cube = (1 + c * x) * (1 + c * x) * (1 + c * x);
    if (cube <= 0) continue;
    const double u = 1 - random_uniform(seed, stream, index, 2 * attempt + 1);
    if (std::log(u) >= 0.5 * x * x + d - d * cube + d * std::log(cube)) continue;
    const double boost =
        shape < 1 ? std::log(1 - random_uniform(seed, stream, index, 0)) / shape : 0.0;
    return std::log(d * cube) + boost;
  }
}

SyntheticLanguage make_language(const SyntheticSpec& spec) {
  check_spec(spec);
  SyntheticLanguage language{spec, {}, {}};
  fill_tables(language);
  solve_stationary(language);
  return language;
}

std::vector<std::int32_t> generate(const SyntheticLanguage& language, std::uint64_t stream,
                                   std::int64_t count) {
  const SyntheticSpec& spec = language.spec;
  const auto V = static_cast<std::size_t>(spec.symbols);
  const auto K = static_cast<std::size_t>(spec.topics);
  const std::vector<double> sums = cumulative(language.next, V);
  const std::vector<double> start = cumulative(language.stationary, language.stationary.size());
  std::size_t state = pick(start, random_uniform(spec.seed, stream, 0));

  std::vector<std::int32_t> tokens;
  tokens.reserve(static_cast<std::size_t>(count) + 1);
  tokens.push_back(static_cast<std::int32_t>(state / V % V));
  tokens.push_back(static_cast<std::int32_t>(state % V));
  std::size_t topic = state / (V * V);
  std::size_t pair = state % (V * V);
  while (static_cast<std::int64_t>(tokens.size()) < count) {
    const auto bits = random_bits(spec.seed, stream, tokens.size());
    const double moves = uniform53(bits[0], bits[1]);
    if (moves >= spec.stay)
      topic = std::min(K - 1, static_cast<std::size_t>((moves - spec.stay) / (1 - spec.stay) *
                                                       static_cast<double>(K)));
    const std::size_t symbol =
        pick({sums.data() + (topic * V * V + pair) * V, V}, uniform53(bits[2], bits[3]));
    tokens.push_back(static_cast<std::int32_t>(symbol));
    pair = pair % V * V + symbol;
  }
  tokens.resize(static_cast<std::size_t>(count));
  return tokens;
}

}  // namespace isoloss
