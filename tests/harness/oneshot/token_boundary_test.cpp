#include "harness/oneshot/token_boundary.h"

#include <gtest/gtest.h>

#include "tests/harness/oneshot/byte_scorer.h"

namespace isoloss {
namespace {

// Bytes, but "no" is one token (300) and "now" another (301): a join changes the context's tokens.
class MergingScorer final : public ByteScorer {
 public:
  std::vector<std::int32_t> encode(const std::string& text) const override {
    std::vector<std::int32_t> tokens;
    for (std::size_t at = 0; at < text.size();) {
      const bool three = text.compare(at, 3, "now") == 0;
      const bool two = text.compare(at, 2, "no") == 0;
      tokens.push_back(three ? 301 : two ? 300 : static_cast<unsigned char>(text[at]));
      at += three ? 3 : two ? 2 : 1;
    }
    return tokens;
  }
};

TEST(TokenBoundary, TheContinuationIsWhatFollowsTheCommonPrefix) {
  const ScoreRequest request = encoded_request(ByteScorer(), "ab", " c");
  EXPECT_EQ(request.context, (std::vector<std::int32_t>{'a', 'b'}));
  EXPECT_EQ(request.continuation, (std::vector<std::int32_t>{' ', 'c'}));
}

TEST(TokenBoundary, ATokenAcrossTheJoinIsScoredWhole) {
  const ScoreRequest request = encoded_request(MergingScorer(), "a no", "w");
  EXPECT_EQ(request.context, (std::vector<std::int32_t>{'a', ' '}));
  EXPECT_EQ(request.continuation, (std::vector<std::int32_t>{301}));
}

TEST(TokenBoundary, AnEmptyContextLeavesEverythingToScore) {
  EXPECT_EQ(encoded_request(ByteScorer(), "", "ab").continuation.size(), 2U);
}

TEST(TokenBoundary, BlanksAtTheContextsEndGoToTheContinuation) {
  EXPECT_EQ(moved_blanks("a \n", " b"), (std::pair<std::string, std::string>{"a", " \n b"}));
  EXPECT_EQ(moved_blanks("a", "b"), (std::pair<std::string, std::string>{"a", "b"}));
  EXPECT_EQ(moved_blanks("  ", "b"), (std::pair<std::string, std::string>{"", "  b"}));
}

}  // namespace
}  // namespace isoloss
