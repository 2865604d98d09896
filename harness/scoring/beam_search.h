// Beam search over a model's next-token logits, one request: which hypotheses live, which are
// complete, when nothing that lives can still win. Greedy decoding is the width of one. The length
// penalty is that of Wu et al. 2016 (arXiv 1609.08144, eq. 14), the bookkeeping of complete and
// living hypotheses that of Tensor2Tensor's beam search.
#pragma once
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace isoloss {

struct Hypothesis {
  std::vector<std::int32_t> tokens;
  double log_probability = 0;  // nats, the sum over tokens
  std::size_t parent = 0;      // among those that lived before its last token
};

// ((5 + length) / 6)^alpha
double length_penalty(std::int64_t length, double alpha);

class BeamSearch {
 public:
  struct Options {
    int beams = 1;
    double alpha = 0;              // of the length penalty, at least 0
    std::int64_t most_tokens = 0;  // at least 1
  };
  // `complete` says whether a text of these tokens ends with them.
  using Complete = std::function<bool(std::span<const std::int32_t> tokens)>;

  BeamSearch(const Options& options, Complete complete);

  // What wants its next token; empty once the search is done. First one empty hypothesis.
  std::span<const Hypothesis> living() const { return living_; }

  // Next-token logits of each living hypothesis, [living * vocabulary]. Keeps the likeliest
  // continuations (of equals the earlier hypothesis, then the smaller token).
  void advance(std::span<const double> logits);

  // Of a search that is done: the complete hypothesis of the largest log-probability over its
  // length penalty; where none was completed within most_tokens, the likeliest as it stands.
  const Hypothesis& best() const { return best_; }

 private:
  double score(const Hypothesis& hypothesis) const;
  bool may_still_win() const;
  void finish();

  Options options_;
  Complete complete_;
  std::vector<Hypothesis> living_, completed_;
  Hypothesis best_;
};

}  // namespace isoloss
