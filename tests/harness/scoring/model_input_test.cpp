// What a model reads where a prompt is longer than it can be. With `cuts_first` as
// lm-evaluation-harness 0.4.13 has it (lm_eval/models/huggingface.py, _loglikelihood_tokens):
// (context + continuation)[-(longest + 1):][:-1], the first id being the context's.
#include "harness/scoring/model_input.h"

#include <gtest/gtest.h>

#include <vector>

namespace isoloss {
namespace {

using Tokens = std::vector<std::int32_t>;

constexpr FirstId kFirst{9, true};

TEST(ModelInput, TheFirstIdStaysWhereThePromptIsCut) {
  const ModelInput input = score_input({{1, 2, 3, 4}, {5, 6}}, kFirst, 4);
  EXPECT_EQ(input.ids, (Tokens{9, 3, 4, 5}));
  EXPECT_EQ(input.truncated_tokens, 2);
}

TEST(ModelInput, OrGoesBeforeAllElseAsInTheHarness) {
  const auto cut = [](Tokens context, FirstId first, std::int64_t longest) {
    return score_input({std::move(context), {5, 6}, true}, first, longest);
  };
  // [9, 1, 2, 3, 4, 5, 6][-5:][:-1]
  EXPECT_EQ(cut({1, 2, 3, 4}, kFirst, 4).ids, (Tokens{2, 3, 4, 5}));
  EXPECT_EQ(cut({1, 2, 3, 4}, kFirst, 4).truncated_tokens, 2);
  // [9, 1, 2, 3, 4, 5, 6][-6:][:-1]
  EXPECT_EQ(cut({1, 2, 3, 4}, kFirst, 5).ids, (Tokens{1, 2, 3, 4, 5}));
  EXPECT_EQ(cut({1, 2, 3, 4}, kFirst, 5).truncated_tokens, 1);
  EXPECT_EQ(cut({1, 2, 3, 4}, kFirst, 6).ids, (Tokens{9, 1, 2, 3, 4, 5}));
  EXPECT_EQ(cut({1, 2, 3, 4}, kFirst, 6).truncated_tokens, 0);
  EXPECT_EQ(cut({}, {9, false}, 2).ids, (Tokens{9, 5}));
  EXPECT_EQ(cut({1, 2, 3, 4}, {9, false}, 4).ids, (Tokens{2, 3, 4, 5}));
}

// Its generate_until keeps the last longest - most_tokens of first id and context.
TEST(ModelInput, LikewiseWhereAnAnswerIsWritten) {
  GenerationRequest request{{1, 2, 3, 4}, 2, {}, 1, 0};
  EXPECT_EQ(generation_input(request, kFirst, 5).ids, (Tokens{9, 3, 4}));
  request.cuts_first = true;
  EXPECT_EQ(generation_input(request, kFirst, 5).ids, (Tokens{2, 3, 4}));
}

}  // namespace
}  // namespace isoloss
