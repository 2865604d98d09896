// Models for tests: a tokenizer of bytes, and answers that are known beforehand.
#pragma once
#include <cmath>
#include <functional>
#include <map>
#include <string>
#include <utility>

#include "harness/oneshot/scorer.h"

namespace isoloss {

inline std::vector<std::int32_t> bytes_of(const std::string& text) {
  std::vector<std::int32_t> tokens;
  for (const char c : text) tokens.push_back(static_cast<unsigned char>(c));
  return tokens;
}

inline std::string text_of(std::span<const std::int32_t> tokens) {
  std::string text;
  for (const std::int32_t token : tokens) text += static_cast<char>(token);
  return text;
}

// Every byte is as likely as any other; writes what `writes` says.
class ByteScorer : public Scorer {
 public:
  std::int64_t longest() const override { return longest_tokens; }
  std::vector<std::int32_t> encode(const std::string& text) const override {
    return bytes_of(text);
  }
  std::vector<ContinuationScore> score(std::span<const ScoreRequest> requests) override {
    std::vector<ContinuationScore> scores;
    for (const ScoreRequest& request : requests) {
      asked.push_back(request);
      scores.push_back(answer(text_of(request.context), text_of(request.continuation)));
    }
    return scores;
  }
  std::vector<Generation> generate(std::span<const GenerationRequest> requests) override {
    std::vector<Generation> written;
    for (const GenerationRequest& request : requests) {
      written_for.push_back(request);
      written.push_back({bytes_of(writes), writes, -1, 0});
    }
    return written;
  }

  std::int64_t longest_tokens = 100000;
  std::string writes;
  std::vector<ScoreRequest> asked;
  std::vector<GenerationRequest> written_for;

 protected:
  virtual ContinuationScore answer(const std::string&, const std::string& continuation) {
    return {-std::log(256.0) * static_cast<double>(continuation.size()), false, 0};
  }
};

}  // namespace isoloss
