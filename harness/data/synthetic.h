// The synthetic language: a hidden topic that stays with probability `stay`, else is drawn anew
// uniformly, and then a symbol from
//   P(c | topic, a, b) = mix_bigram B[b][c] + mix_trigram T[a][b][c] + (rest) Z[topic][a][b][c],
// a, b being the last two symbols. Rows are Dirichlet draws around one Zipf distribution, symbol 0
// the most frequent, so that contexts are Zipf-distributed too.
#pragma once
#include <cstdint>
#include <vector>

#include "sweeps/run_spec.h"

namespace isoloss {

struct SyntheticLanguage {
  SyntheticSpec spec;
  // P(c | topic, a, b) at ((topic * symbols + a) * symbols + b) * symbols + c.
  std::vector<double> next;
  // Stationary probability of (topic, a, b) after a symbol, at (topic * symbols + a) * symbols + b.
  std::vector<double> stationary;
};

// Draws the tables from counter keys of spec.seed and solves for the stationary distribution.
// InputError naming the field that is out of range.
SyntheticLanguage make_language(const SyntheticSpec& spec);

// `count` symbols of stream `stream`, begun in the stationary distribution.
std::vector<std::int32_t> generate(const SyntheticLanguage& language, std::uint64_t stream,
                                   std::int64_t count);

// A draw from Gamma(shape, 1) as its logarithm, so that small shapes do not underflow
// (Marsaglia & Tsang 2000, with their U^(1/shape) step below 1).
double log_gamma_draw(double shape, std::uint64_t seed, std::uint64_t stream, std::uint64_t index);

}  // namespace isoloss
