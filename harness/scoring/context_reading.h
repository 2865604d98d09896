// What several requests have before what is written: beginnings that they share (a passage and its
// questions, a worked example that is the same for all) are read once.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "harness/scoring/length_batches.h"
#include "model/layers/language_model.h"

namespace isoloss {

struct ReadContexts {
  DecodingState state;         // row i has read contexts[i]
  std::vector<double> logits;  // after its last token, [contexts * vocabulary]
  std::int64_t tokens = 0;     // that were read, padding included
};

// Contexts are not empty. Beginnings shorter than `least_shared` tokens are not shared
// (prefix_tree.h); batches of what is read together keep to `limits`.
ReadContexts read_contexts(const LanguageModel& model, const TokenLists& contexts,
                           std::size_t least_shared, const BatchLimits& limits);

// Of each context the tokens that it costs to read: those of its family, which are all that share a
// beginning, over the family's contexts, rounded up.
std::vector<std::int64_t> shared_costs(const TokenLists& contexts, std::size_t least_shared);

}  // namespace isoloss
