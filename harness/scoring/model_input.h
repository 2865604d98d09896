// What a model reads for a request: the first id where the model wants one, then the context, cut
// at its left so that everything fits; with cuts_first the first id is the first to go, and counts
// among what is cut.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "harness/files/first_id.h"
#include "harness/oneshot/scorer.h"

namespace isoloss {

struct ModelInput {
  std::vector<std::int32_t> ids;
  std::int64_t truncated_tokens = 0;
};

// Context and continuation but for its last token, which nothing is asked after: the continuation's
// tokens come after the last |continuation| ids. At most `longest` ids. InputError: an empty
// continuation, or one of more than `longest` tokens.
ModelInput score_input(const ScoreRequest& request, FirstId first, std::int64_t longest);

// The context, leaving room for most_tokens. InputError: no room for a token to read or to write.
ModelInput generation_input(const GenerationRequest& request, FirstId first, std::int64_t longest);

}  // namespace isoloss
