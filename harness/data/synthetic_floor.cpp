#include "harness/data/synthetic_floor.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <cmath>

#include "harness/data/token_file_writer.h"
#include "model/spec/counter_random.h"
#include "model/spec/error.h"

namespace isoloss {
namespace {

// P(topic, first symbol) and P(topic, pair) of the stationary process, added up over topics.
struct Marginals {
  std::vector<double> symbol;  // [symbols]
  std::vector<double> pair;    // [symbols * symbols]
};

Marginals marginals_of(const SyntheticLanguage& language) {
  const auto V = static_cast<std::size_t>(language.spec.symbols);
  Marginals marginals{std::vector<double>(V, 0.0), std::vector<double>(V * V, 0.0)};
  for (std::size_t i = 0; i < language.stationary.size(); ++i) {
    marginals.pair[i % (V * V)] += language.stationary[i];
    marginals.symbol[i / V % V] += language.stationary[i];
  }
  return marginals;
}

// -log P(row), scaled at every step so that long rows do not underflow.
double row_nats(const SyntheticLanguage& language, const Marginals& marginals,
                std::span<const std::int32_t> row) {
  const auto V = static_cast<std::size_t>(language.spec.symbols);
  const auto K = static_cast<std::size_t>(language.spec.topics);
  const auto symbol = [&](std::size_t i) { return static_cast<std::size_t>(row[i]); };
  if (row.size() == 1) return -std::log(marginals.symbol[symbol(0)]);
  std::size_t pair = symbol(0) * V + symbol(1);
  double nats = -std::log(marginals.pair[pair]);
  std::vector<double> topic(K);  // P(topic | symbols so far)
  for (std::size_t k = 0; k < K; ++k)
    topic[k] = language.stationary[k * V * V + pair] / marginals.pair[pair];
  const double anew = (1 - language.spec.stay) / static_cast<double>(K);
  for (std::size_t i = 2; i < row.size(); ++i) {
    double total = 0;
    for (const double p : topic) total += p;
    double likelihood = 0;
    for (std::size_t k = 0; k < K; ++k) {
      const double moved = language.spec.stay * topic[k] + anew * total;
      topic[k] = moved * language.next[(k * V * V + pair) * V + symbol(i)];
      likelihood += topic[k];
    }
    nats -= std::log(likelihood);
    for (double& p : topic) p /= likelihood;
    pair = pair % V * V + symbol(i);
  }
  return nats;
}

}  // namespace

double language_floor(const SyntheticLanguage& language, std::span<const std::int32_t> tokens,
                      std::int64_t sequence) {
  const Marginals marginals = marginals_of(language);
  const auto T = static_cast<std::size_t>(sequence);
  double nats = 0;
  for (std::size_t first = 0; first + T <= tokens.size(); first += T)
    nats += row_nats(language, marginals, tokens.subspan(first, T));
  return nats / static_cast<double>(tokens.size() / T * T);
}

std::uint64_t synthetic_source_hash(const SyntheticSpec& spec, double validation) {
  const std::string text = fmt::format(
      "synthetic 1 symbols {} topics {} stay {:a} zipf {:a} mix {:a} {:a} concentration {:a} {:a} "
      "tokens {} seed {} validation {:a}",
      spec.symbols, spec.topics, spec.stay, spec.zipf, spec.mix_bigram, spec.mix_trigram,
      spec.concentration, spec.bigram_concentration, spec.tokens, spec.seed, validation);
  return XXH3_64bits(text.data(), text.size());
}

void write_synthetic(const SyntheticLanguage& language, double validation,
                     const std::filesystem::path& token_file) {
  if (!(validation > 0 && validation < 1))
    throw InputError(fmt::format(
        "data.validation is {} (it is the share of the tokens held out); give a number between 0 "
        "and 1, such as 0.05",
        validation));
  const SyntheticSpec& spec = language.spec;
  const auto part = static_cast<std::int64_t>(
      std::ceil(static_cast<double>(spec.tokens) * validation / (1 - validation) / 2));
  const std::string name = fmt::format("symbols:{}", spec.symbols);
  TokenFileWriter writer(token_file, {spec.symbols, name, XXH3_64bits(name.data(), name.size()), "",
                                      synthetic_source_hash(spec, validation)});
  const auto add = [&](Part where, const char* stream, std::int64_t count) {
    writer.add(where, generate(language, stream_of(stream), count), "");
  };
  add(Part::Training, "synthetic/training", spec.tokens);
  add(Part::Selection, "synthetic/selection", part);
  add(Part::Report, "synthetic/report", part);
  writer.publish();
}

}  // namespace isoloss
