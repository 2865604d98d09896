// The best loss possible on text of a synthetic language, and that text as tokens.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "harness/synthetic.h"
#include "harness/token_file.h"

namespace isoloss {

// Exact mean negative log-likelihood, nats per token, of rows of `sequence` tokens, each scored
// alone as a model sees it: the stationary process, forward recursion over the hidden topic, the
// first two positions by their exact marginals.
double language_floor(const SyntheticLanguage& language, std::span<const std::int32_t> tokens,
                      std::int64_t sequence);

// Identifies the tokens that prepare_synthetic gives.
std::uint64_t synthetic_source_hash(const SyntheticSpec& spec, double validation);

// spec.tokens training tokens and, from streams of their own, a selection and a report part that
// together are `validation` of the whole.
TokenFileContent prepare_synthetic(const SyntheticLanguage& language, double validation);

}  // namespace isoloss
