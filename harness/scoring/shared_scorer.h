// A scorer whose requests ranks with the same weights divide among them. Requests are asked in
// units of fixed size, whoever asks them, so that answers have the same bits on any number of
// ranks.
#pragma once
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "harness/oneshot/scorer.h"
#include "model/parallel/communicator.h"

namespace isoloss {

class SharedScorer final : public Scorer {
 public:
  // score() and generate() are collective over `ranks`, which all ask the same. `stop` is asked
  // before each round of units, as often on every rank, and must answer the same on all. `own` and
  // `ranks` outlive this.
  SharedScorer(Scorer& own, Communicator& ranks, std::function<bool()> stop);

  std::int64_t longest() const override { return own_.longest(); }
  std::vector<std::int32_t> encode(const std::string& text) const override {
    return own_.encode(text);
  }

  // As `own` answers. Stopped (stop_signal.h) where a stop was asked for; an InputError of one
  // rank is thrown on all.
  std::vector<ContinuationScore> score(std::span<const ScoreRequest> requests) override;
  std::vector<Generation> generate(std::span<const GenerationRequest> requests) override;

 private:
  template <typename Answer, typename Request, typename Ask>
  std::vector<Answer> divided(std::span<const Request> requests, std::size_t unit, const Ask& ask);

  Scorer& own_;
  Communicator& ranks_;
  std::function<bool()> stop_;
};

}  // namespace isoloss
