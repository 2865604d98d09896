// Answers of a language model to one-shot requests (oneshot/scorer.h). What several continuations,
// or several contexts of what is written, share at their beginning is read once; rows of like
// length are read together; texts are written with a state that keeps keys and values. Answers are
// the same in any order and company but for the rounding of sums of other shapes; the same requests
// in one call give the same bits.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "harness/data/tokenizer.h"
#include "harness/files/first_id.h"
#include "harness/oneshot/scorer.h"
#include "harness/scoring/length_batches.h"
#include "model/layers/language_model.h"

namespace isoloss {

struct ScorerLimits {
  std::int64_t tokens_at_once = 1024;                // read together, padding included
  std::int64_t state_bytes = std::int64_t{1} << 29;  // of keys and values held for one batch
  std::int64_t least_shared = 16;                    // tokens of a beginning worth sharing
};

class ModelScorer final : public Scorer {
 public:
  // All outlive the scorer; the weights don't change meanwhile. InputError: a tokenizer of more ids
  // than the model has.
  ModelScorer(const LanguageModel& model, const Tokenizer& tokenizer, FirstId first,
              const ScorerLimits& limits = {});

  std::int64_t longest() const override { return model_.spec().sequence; }
  std::vector<std::int32_t> encode(const std::string& text) const override;

  // What does not fit is dropped at the left of the context; a first id that is always there stays.
  std::vector<ContinuationScore> score(std::span<const ScoreRequest> requests) override;

  // The context loses at its left what leaves no room for most_tokens. Writing stops after the
  // token with which the text holds a stop, or with the tokenizer's end id. InputError: most_tokens
  // or beams below one, most_tokens of the model's sequence or more.
  std::vector<Generation> generate(std::span<const GenerationRequest> requests) override;

  // Tokens read by the last call, padding included, and what the requests' rows add up to.
  std::int64_t tokens_read() const { return tokens_read_; }
  std::int64_t tokens_asked() const { return tokens_asked_; }

 private:
  BatchLimits batch_limits() const;
  BatchLimits context_limits() const;
  void generate_batch(std::span<const GenerationRequest> requests,
                      std::span<const std::size_t> batch, const TokenLists& inputs,
                      std::vector<Generation>& generations);

  const LanguageModel& model_;
  const Tokenizer& tokenizer_;
  FirstId first_;
  ScorerLimits limits_;
  std::int64_t tokens_read_ = 0;
  std::int64_t tokens_asked_ = 0;
};

}  // namespace isoloss
