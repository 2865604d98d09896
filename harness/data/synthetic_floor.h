// The best loss possible on text of a synthetic language, and that text as tokens.
#pragma once
#include <cstdint>
#include <filesystem>
#include <span>

#include "harness/data/synthetic.h"

namespace isoloss {

// Exact mean negative log-likelihood, nats per token, of rows of `sequence` tokens, each scored
// alone as a model sees it: the stationary process, forward recursion over the hidden topic, the
// first two positions by their exact marginals.
double language_floor(const SyntheticLanguage& language, std::span<const std::int32_t> tokens,
                      std::int64_t sequence);

// Identifies the tokens that write_synthetic writes.
std::uint64_t synthetic_source_hash(const SyntheticSpec& spec, double validation);

// Writes spec.tokens training tokens and, from streams of their own, a selection and a report part
// that together are `validation` of the whole, as a token file. InputError: a share that is none.
void write_synthetic(const SyntheticLanguage& language, double validation,
                     const std::filesystem::path& token_file);

}  // namespace isoloss
