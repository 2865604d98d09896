// How the continuations of an item are compared (GPT-3 section 2.4; lm-evaluation-harness).
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "results/task_scores.h"

namespace isoloss {

enum class Ranking {
  PerToken,       // log P(c | context) / tokens
  AnswerContext,  // log P(c | context) - log P(c | answer context)
  Sum,            // log P(c | context)
  PerCharacter,   // / code points of the choice without its delimiter
  PerByte         // / UTF-8 bytes of the text scored
};

// One choice's value, nats.
double ranked_value(Ranking ranking, const ChoiceRow& row);

enum class Ties {
  Lowest,  // the first of equals is chosen, as lm-evaluation-harness does
  Shared,  // each of equals is chosen in part, so that a model that knows nothing scores chance
  Nobody   // none is chosen: equality is no knowledge
};

// How much of each choice is chosen: at least 0, sum 1, or 0 of equals under Nobody. Equal, under
// Shared and Nobody: within 1e-12 of the larger magnitude, since sums of equal terms round
// differently. At least one row.
std::vector<double> chosen_shares(Ranking ranking, Ties ties, std::span<const ChoiceRow> rows);

}  // namespace isoloss
