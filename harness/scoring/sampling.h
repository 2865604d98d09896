// Text that a model writes by chance: every token drawn by its counter key (seed, place), so that
// the same prompt and seed give the same text on any machine with the same logits.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "model/layers/language_model.h"

namespace isoloss {

struct SamplingOptions {
  double temperature = 1;  // of softmax(logits / temperature); 0: always the likeliest token
  std::int64_t top_k = 0;  // only among so many of the likeliest; 0: among all
  std::uint64_t seed = 0;
};

// The token for a place, by the inverse of the distribution's sum over tokens, likeliest first.
std::int32_t sampled_token(std::span<const double> logits, const SamplingOptions& options,
                           std::int64_t place);

// `count` tokens after `prompt` (ids as the model reads them, no more than its sequence). Past the
// sequence the model reads, for every token anew, the first `kept` ids of the prompt (1 for a first
// id that stands before every text) and the last of all others that fit behind them.
std::vector<std::int32_t> sampled_tokens(const LanguageModel& model,
                                         const std::vector<std::int32_t>& prompt,
                                         std::int64_t count, const SamplingOptions& options,
                                         std::int64_t kept = 0);

}  // namespace isoloss
