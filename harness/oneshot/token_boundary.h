// Where a continuation's tokens begin. A tokenizer may cut differently once the continuation
// follows, so both texts are encoded together: scored is what comes after the longest common prefix
// of encode(context) and encode(context + continuation).
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <utility>

#include "harness/oneshot/scorer.h"

namespace isoloss {

// Blanks at the context's end belong to the continuation, so that a token which begins with a blank
// is scored whole (as lm-evaluation-harness does it): the same two texts with the border moved.
std::pair<std::string, std::string> moved_blanks(const std::string& context,
                                                 const std::string& continuation);

// The tokens of both texts divided where those of the context alone end or differ. The continuation
// is empty where the tokenizer gives it no token of its own; the caller says whose fault that is.
ScoreRequest divided_request(std::span<const std::int32_t> context_alone,
                             std::span<const std::int32_t> both);

// The request for two texts, their blanks already moved.
ScoreRequest encoded_request(const Scorer& scorer, const std::string& context,
                             const std::string& continuation);

}  // namespace isoloss
