// What a model is asked about one-shot items and what it answers, in tokens and before any metric:
// everything else (normalisation, partial evaluation, ranking, F1) is a function of these rows.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace isoloss {

// log P(continuation | context). The boundary between the two is already drawn.
struct ScoreRequest {
  std::vector<std::int32_t> context;       // may be empty: the model's first id alone comes before
  std::vector<std::int32_t> continuation;  // at least one token
  // Where the context is cut: whether the first id that the model reads goes before all else, as in
  // lm-evaluation-harness; otherwise it stays.
  bool cuts_first = false;
};

struct ContinuationScore {
  double log_probability = 0;         // nats, the sum over the continuation's tokens; at most 0
  bool greedy = false;                // every token was the most likely one at its place
  std::int64_t truncated_tokens = 0;  // dropped at the left so that the rest fits the model
};

struct GenerationRequest {
  std::vector<std::int32_t> context;
  std::int64_t most_tokens = 0;
  std::vector<std::string> stop;  // what is written ends before the first of these
  int beams = 1;                  // 1: greedy
  double length_penalty = 0;      // alpha of ((5 + length) / 6)^alpha (Wu et al. 2016, eq. 14)
  bool cuts_first = false;        // as of ScoreRequest
};

struct Generation {
  std::vector<std::int32_t> tokens;
  std::string text;            // of the tokens, cut before the first stop
  double log_probability = 0;  // nats, of the tokens
  std::int64_t truncated_tokens = 0;
};

// A model that answers them. Answers are in the requests' order and depend on no other request, no
// batch and no rank count.
class Scorer {
 public:
  virtual ~Scorer() = default;

  // Tokens that the model can read at once, context and continuation together.
  virtual std::int64_t longest() const = 0;
  virtual std::vector<std::int32_t> encode(const std::string& text) const = 0;

  // InputError: an empty continuation, or one that is longer than the model reads.
  virtual std::vector<ContinuationScore> score(std::span<const ScoreRequest> requests) = 0;
  virtual std::vector<Generation> generate(std::span<const GenerationRequest> requests) = 0;
};

}  // namespace isoloss
