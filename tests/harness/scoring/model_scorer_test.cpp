// Answers of the scorer against those of the whole row, without a state, a batch or a tree.
#include "harness/scoring/model_scorer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "harness/scoring/beam_search.h"
#include "model/spec/counter_random.h"
#include "model/spec/error.h"
#include "tests/model/layers/every_spec.h"

namespace isoloss {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;
using Tokens = std::vector<std::int32_t>;

ModelSpec byte_spec(ModelSpec spec) {
  spec.vocabulary = 256;
  spec.sequence = 48;
  return spec;
}

// Weights that are not those of a beginning, where much is likely alike.
LanguageModel byte_model(const ModelSpec& spec, Precision precision = Precision::Float64) {
  LanguageModel model(byte_spec(spec), 5, {precision});
  const auto moved = [](std::size_t i) {
    return 0.2 * std::sin(1 + 0.91 * static_cast<double>(i));
  };
  for (std::size_t i = 0; i < model.weights64().size(); ++i) model.weights64()[i] += moved(i);
  for (std::size_t i = 0; i < model.weights32().size(); ++i)
    model.weights32()[i] += static_cast<float>(moved(i));
  return model;
}

Tokens random_tokens(std::uint64_t key, std::size_t count) {
  Tokens tokens(count);
  for (std::size_t i = 0; i < count; ++i)
    tokens[i] = static_cast<std::int32_t>(random_below(1, key, i, 256));
  return tokens;
}

// Items of one to four choices after a context of 0 to 60 tokens; some contexts have a common
// beginning.
std::vector<ScoreRequest> some_requests() {
  std::vector<ScoreRequest> requests;
  for (std::uint64_t item = 0; item < 12; ++item) {
    Tokens context = random_tokens(100 + item / 3, 20);
    const Tokens own = random_tokens(200 + item, item * 7 % 41);
    context.insert(context.end(), own.begin(), own.end());
    if (item == 4) context.clear();
    for (std::uint64_t choice = 0; choice <= item % 4; ++choice)
      requests.push_back(
          {context, random_tokens(300 + 10 * item + choice, 1 + (item + choice) % 5)});
  }
  return requests;
}

double log_probability(std::span<const double> logits, std::int32_t token) {
  const double most = *std::ranges::max_element(logits);
  double sum = 0;
  for (const double logit : logits) sum += std::exp(logit - most);
  return logits[static_cast<std::size_t>(token)] - most - std::log(sum);
}

// The rule in so many words: the last 48 of what comes before each token, the first id kept where it
// is always there.
ContinuationScore by_hand(const LanguageModel& model, const ScoreRequest& request, FirstId first) {
  Tokens all = request.context;
  all.insert(all.end(), request.continuation.begin(), request.continuation.end() - 1);
  if (!first.always && request.context.empty()) all.insert(all.begin(), first.id);
  const std::size_t room = first.always ? 47 : 48;
  ContinuationScore score{0, true, 0};
  if (all.size() > room) {
    score.truncated_tokens = static_cast<std::int64_t>(all.size() - room);
    all.erase(all.begin(), all.end() - static_cast<std::ptrdiff_t>(room));
  }
  if (first.always) all.insert(all.begin(), first.id);
  const std::vector<double> logits = model.logits(all, std::ssize(all));
  const std::size_t answer = request.continuation.size();
  for (std::size_t i = 0; i < answer; ++i) {
    const std::span<const double> row =
        std::span(logits).subspan((all.size() - answer + i) * 256, 256);
    score.log_probability += log_probability(row, request.continuation[i]);
    score.greedy =
        score.greedy && std::ranges::max_element(row) - row.begin() == request.continuation[i];
  }
  return score;
}

void expect_same(const std::vector<ContinuationScore>& scores,
                 const std::vector<ContinuationScore>& expected) {
  ASSERT_EQ(scores.size(), expected.size());
  for (std::size_t i = 0; i < scores.size(); ++i) {
    EXPECT_NEAR(scores[i].log_probability, expected[i].log_probability,
                2e-6 * (1 + std::abs(expected[i].log_probability)))
        << i;
    EXPECT_EQ(scores[i].greedy, expected[i].greedy) << i;
    EXPECT_EQ(scores[i].truncated_tokens, expected[i].truncated_tokens) << i;
  }
}

class ScorerOfEveryModel : public testing::TestWithParam<NamedSpec> {};

TEST_P(ScorerOfEveryModel, ScoresAreThoseOfWholeRows) {
  const LanguageModel model = byte_model(GetParam().spec);
  const auto tokenizer = byte_tokenizer();
  for (const FirstId first : {FirstId{0, true}, FirstId{7, false}}) {
    ModelScorer scorer(model, *tokenizer, first, {.least_shared = 4});
    std::vector<ScoreRequest> requests = some_requests();
    // One that greedy decoding would write.
    const std::vector<Generation> greedy =
        scorer.generate(std::vector<GenerationRequest>{{requests[0].context, 4, {}, 1, 0}});
    requests.push_back({requests[0].context, greedy[0].tokens});
    std::vector<ContinuationScore> expected;
    for (const ScoreRequest& request : requests) expected.push_back(by_hand(model, request, first));
    EXPECT_TRUE(expected.back().greedy);
    expect_same(scorer.score(requests), expected);
  }
}

// Greedy decoding and a beam search of four with whole rows, one request at a time.
TEST_P(ScorerOfEveryModel, WritesWithAStateWhatItWritesWithoutOne) {
  for (const Precision precision : {Precision::Float64, Precision::Float32}) {
    const LanguageModel model = byte_model(GetParam().spec, precision);
    const auto tokenizer = byte_tokenizer();
    ModelScorer scorer(model, *tokenizer, {0, true});
    std::vector<GenerationRequest> requests;
    for (std::uint64_t i = 0; i < 6; ++i)
      requests.push_back({random_tokens(400 + i, i * 6),
                          static_cast<std::int64_t>(5 + 3 * i),
                          {"e"},
                          i % 2 == 0 ? 1 : 4,
                          0.6});
    const std::vector<Generation> written = scorer.generate(requests);
    for (std::size_t i = 0; i < requests.size(); ++i) {
      BeamSearch search({requests[i].beams, 0.6, requests[i].most_tokens},
                        [](std::span<const std::int32_t> tokens) { return tokens.back() == 'e'; });
      Tokens input = requests[i].context;
      const std::int64_t room = 47 - requests[i].most_tokens;
      if (std::ssize(input) > room) input.erase(input.begin(), input.end() - room);
      input.insert(input.begin(), 0);
      while (!search.living().empty()) {
        std::vector<double> last;
        for (const Hypothesis& hypothesis : search.living()) {
          Tokens row = input;
          row.insert(row.end(), hypothesis.tokens.begin(), hypothesis.tokens.end());
          const std::vector<double> logits = model.logits(row, std::ssize(row));
          last.insert(last.end(), logits.end() - 256, logits.end());
        }
        search.advance(last);
      }
      EXPECT_EQ(written[i].tokens, search.best().tokens) << i;
      EXPECT_NEAR(written[i].log_probability, search.best().log_probability, 1e-4);
    }
  }
}

// Two passages with questions of 0 to 9 tokens, one of them twice and one that goes on from
// another, beams and greedy decoding mixed; one context is longer than the model reads and shares
// nothing.
std::vector<GenerationRequest> questions_on_passages() {
  std::vector<GenerationRequest> requests;
  for (std::uint64_t i = 0; i < 9; ++i) {
    Tokens context = random_tokens(500 + i % 2, 18);
    const Tokens question = random_tokens(i < 7 ? 510 + i : 516, i < 7 ? 3 * (i % 4) : 9);
    context.insert(context.end(), question.begin(), question.end());
    if (i == 4) context.resize(60, 'x');
    requests.push_back({context, static_cast<std::int64_t>(4 + i), {"e"}, i % 3 == 0 ? 4 : 1, 0.6});
  }
  requests.push_back(requests[3]);
  requests.back().context.push_back('?');
  return requests;
}

TEST_P(ScorerOfEveryModel, WritesAfterABeginningReadOnceWhatItWritesAfterItsOwn) {
  const LanguageModel model = byte_model(GetParam().spec);
  const auto tokenizer = byte_tokenizer();
  const std::vector<GenerationRequest> requests = questions_on_passages();
  ModelScorer plain(model, *tokenizer, {0, true}, {.least_shared = 1000});
  const std::vector<Generation> expected = plain.generate(requests);
  // All at once, a few at once, one by one.
  for (const std::int64_t at_once : {1024, 12, 1}) {
    ModelScorer sharing(model, *tokenizer, {0, true},
                        {.tokens_at_once = at_once, .least_shared = 2});
    const std::vector<Generation> written = sharing.generate(requests);
    for (std::size_t i = 0; i < requests.size(); ++i) {
      EXPECT_EQ(written[i].tokens, expected[i].tokens) << i << ", " << at_once << " at once";
      EXPECT_NEAR(written[i].log_probability, expected[i].log_probability, 1e-9);
      EXPECT_EQ(written[i].truncated_tokens, expected[i].truncated_tokens);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Catalogue, ScorerOfEveryModel, testing::ValuesIn(every_spec()),
                         SpecTestName());

class ModelScorerTest : public testing::Test {
 protected:
  std::vector<ContinuationScore> scores(const std::vector<ScoreRequest>& requests,
                                        const ScorerLimits& limits = {}) const {
    return ModelScorer(model_, *tokenizer_, {0, true}, limits).score(requests);
  }

  LanguageModel model_ = byte_model(formula_spec("primer"), Precision::Float32);
  std::unique_ptr<Tokenizer> tokenizer_ = byte_tokenizer();
};

TEST_F(ModelScorerTest, OrderAndCompanyDoNotMatter) {
  const std::vector<ScoreRequest> requests = some_requests();
  const std::vector<ContinuationScore> together = scores(requests);
  std::vector<ScoreRequest> backwards(requests.rbegin(), requests.rend());
  std::vector<ContinuationScore> expected(together.rbegin(), together.rend());
  expect_same(scores(backwards), expected);
  for (std::size_t i = 0; i < requests.size(); ++i)
    expect_same(scores({requests[i]}), {together[i]});
}

TEST_F(ModelScorerTest, TheSameCallGivesTheSameBits) {
  const std::vector<ContinuationScore> once = scores(some_requests()),
                                       again = scores(some_requests());
  for (std::size_t i = 0; i < once.size(); ++i)
    EXPECT_EQ(once[i].log_probability, again[i].log_probability);
}

TEST_F(ModelScorerTest, NeitherBatchSizeNorSharingMatters) {
  const std::vector<ScoreRequest> requests = some_requests();
  const std::vector<ContinuationScore> expected = scores(requests);
  expect_same(scores(requests, {.tokens_at_once = 1}), expected);
  expect_same(scores(requests, {.tokens_at_once = 100, .state_bytes = 1, .least_shared = 1}),
              expected);
  expect_same(scores(requests, {.least_shared = 1000}), expected);
}

// A context of 40 tokens and the first id, then four of each answer's five tokens.
TEST_F(ModelScorerTest, AContextIsReadOnceForAllItsChoices) {
  std::vector<ScoreRequest> requests;
  for (std::uint64_t choice = 0; choice < 3; ++choice)
    requests.push_back({random_tokens(1, 40), random_tokens(2 + choice, 5)});
  ModelScorer scorer(model_, *tokenizer_, {0, true});
  scorer.score(requests);
  EXPECT_EQ(scorer.tokens_asked(), 3 * 45);
  EXPECT_EQ(scorer.tokens_read(), 41 + 3 * 4);
}

// A passage of 30 tokens and the first id, then five tokens of each question; one token is written,
// which nothing is read after.
TEST_F(ModelScorerTest, APassageIsReadOnceForAllItsQuestions) {
  std::vector<GenerationRequest> requests;
  for (std::uint64_t question = 0; question < 3; ++question) {
    Tokens context = random_tokens(1, 30);
    const Tokens own = random_tokens(2 + question, 5);
    context.insert(context.end(), own.begin(), own.end());
    requests.push_back({context, 1, {}, 1, 0});
  }
  ModelScorer scorer(model_, *tokenizer_, {0, true});
  scorer.generate(requests);
  EXPECT_EQ(scorer.tokens_asked(), 3 * 36);
  EXPECT_EQ(scorer.tokens_read(), 31 + 3 * 5);
}

TEST_F(ModelScorerTest, TextEndsBeforeTheFirstStop) {
  ModelScorer scorer(model_, *tokenizer_, {0, true});
  const GenerationRequest open{random_tokens(9, 10), 12, {}, 1, 0};
  const Generation whole = scorer.generate(std::vector{open})[0];
  ASSERT_EQ(whole.tokens.size(), 12u);
  GenerationRequest stopped = open;
  stopped.stop = {whole.text.substr(7, 1), whole.text.substr(5, 2)};
  const Generation cut = scorer.generate(std::vector{stopped})[0];
  const std::size_t at =
      std::min(whole.text.find(stopped.stop[0]), whole.text.find(stopped.stop[1]));
  EXPECT_EQ(cut.text, whole.text.substr(0, at));
  EXPECT_LT(cut.tokens.size(), 12u);
}

TEST_F(ModelScorerTest, SaysWhatCannotBeAnswered) {
  ModelScorer scorer(model_, *tokenizer_, {0, true});
  const std::vector<ScoreRequest> nothing = {{{1}, {}}}, long_one = {{{}, Tokens(49, 1)}};
  EXPECT_THAT([&] { scorer.score(nothing); },
              ThrowsMessage<InputError>(HasSubstr("a continuation has no tokens")));
  EXPECT_THAT([&] { scorer.score(long_one); },
              ThrowsMessage<InputError>(HasSubstr("49 tokens (the model reads 48 at once)")));
  const std::vector<GenerationRequest> much = {{{1}, 48, {}, 1, 0}}, none = {{{1}, 4, {}, 0, 0}};
  EXPECT_THAT([&] { scorer.generate(much); },
              ThrowsMessage<InputError>(HasSubstr("ask for 1 to 47")));
  EXPECT_THAT([&] { scorer.generate(none); }, ThrowsMessage<InputError>(HasSubstr("0 beams")));
  const LanguageModel small(formula_spec("primer"), 0);
  EXPECT_THAT(
      [&] {
        ModelScorer(small, *tokenizer_, {0, true});
      },
      ThrowsMessage<InputError>(HasSubstr("256 ids (the model knows 29)")));
}

}  // namespace
}  // namespace isoloss
