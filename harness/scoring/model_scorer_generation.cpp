// Writing: the part of ModelScorer that generates.
#include <algorithm>
#include <numeric>
#include <utility>

#include "harness/scoring/beam_search.h"
#include "harness/scoring/context_reading.h"
#include "harness/scoring/model_input.h"
#include "harness/scoring/model_scorer.h"
#include "model/spec/error.h"

namespace isoloss {
namespace {

// Contexts are read together in batches so many times as large as those of scoring.
constexpr std::int64_t kContextsForOne = 4;

// Text of the tokens up to the end id.
std::string text_of(const Tokenizer& tokenizer, std::span<const std::int32_t> tokens) {
  const std::optional<std::int32_t> end = tokenizer.end_id();
  if (end && !tokens.empty() && tokens.back() == *end) tokens = tokens.first(tokens.size() - 1);
  return tokenizer.decode(tokens);
}

// Where the first of the stops begins; npos where none is.
std::size_t stop_in(const std::string& text, std::span<const std::string> stops) {
  std::size_t first = std::string::npos;
  for (const std::string& stop : stops)
    if (!stop.empty()) first = std::min(first, text.find(stop));
  return first;
}

BeamSearch search_for(const Tokenizer& tokenizer, const GenerationRequest& request) {
  return BeamSearch({request.beams, request.length_penalty, request.most_tokens},
                    [&tokenizer, &request](std::span<const std::int32_t> tokens) {
                      if (tokenizer.end_id() && tokens.back() == *tokenizer.end_id()) return true;
                      return stop_in(tokenizer.decode(tokens), request.stop) != std::string::npos;
                    });
}

}  // namespace

// A step reads one token of each row, so that many rows are worth some padding of their contexts.
BatchLimits ModelScorer::context_limits() const {
  BatchLimits limits = batch_limits();
  limits.tokens_at_once *= kContextsForOne;
  limits.tokens_enough = limits.tokens_at_once;
  return limits;
}

// One batch of requests, written together a token at a time.
void ModelScorer::generate_batch(std::span<const GenerationRequest> requests,
                                 std::span<const std::size_t> batch, const TokenLists& inputs,
                                 std::vector<Generation>& generations) {
  std::vector<BeamSearch> searches;
  for (const std::size_t request : batch)
    searches.push_back(search_for(tokenizer_, requests[request]));
  ReadContexts contexts = read_contexts(
      model_, inputs, static_cast<std::size_t>(limits_.least_shared), context_limits());
  tokens_read_ += contexts.tokens;
  DecodingState state = std::move(contexts.state);
  std::vector<double> logits = std::move(contexts.logits);
  std::vector<std::size_t> writing(batch.size());  // searches, in the order of the state's rows
  std::iota(writing.begin(), writing.end(), 0);
  const auto vocabulary = static_cast<std::size_t>(model_.spec().vocabulary);
  while (true) {
    std::vector<std::size_t> still_writing;
    std::vector<std::int64_t> rows;
    TokenLists next;
    std::size_t first_row = 0;
    for (const std::size_t place : writing) {
      BeamSearch& search = searches[place];
      const std::size_t count = search.living().size();
      search.advance(std::span(logits).subspan(first_row * vocabulary, count * vocabulary));
      for (const Hypothesis& hypothesis : search.living()) {
        rows.push_back(static_cast<std::int64_t>(first_row + hypothesis.parent));
        next.push_back({hypothesis.tokens.back()});
      }
      if (!search.living().empty()) still_writing.push_back(place);
      first_row += count;
    }
    if (still_writing.empty()) break;
    std::vector<std::int64_t> all(first_row);
    std::iota(all.begin(), all.end(), 0);
    if (rows != all) state = state.select(rows);
    writing = std::move(still_writing);
    std::vector<TokenPlace> last;
    for (std::size_t row = 0; row < next.size(); ++row)
      last.push_back({static_cast<std::int64_t>(row), 0});
    logits = model_.read(state, next, last);
    tokens_read_ += padded_tokens(next);
  }
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const Hypothesis& best = searches[i].best();
    Generation& generation = generations[batch[i]];
    generation.tokens = best.tokens;
    generation.log_probability = best.log_probability;
    const std::string text = text_of(tokenizer_, best.tokens);
    generation.text = text.substr(0, stop_in(text, requests[batch[i]].stop));
  }
}

std::vector<Generation> ModelScorer::generate(std::span<const GenerationRequest> requests) {
  tokens_read_ = tokens_asked_ = 0;
  std::vector<Generation> generations(requests.size());
  TokenLists inputs;
  std::vector<std::int64_t> held;
  for (std::size_t r = 0; r < requests.size(); ++r) {
    if (requests[r].beams < 1)
      throw InputError("a beam search of " + std::to_string(requests[r].beams) +
                       " beams is wanted (1 is greedy decoding); give 1 or more");
    ModelInput input = generation_input(requests[r], first_, longest());
    generations[r].truncated_tokens = input.truncated_tokens;
    tokens_asked_ += std::ssize(input.ids);
    held.push_back(requests[r].beams * (std::ssize(input.ids) + requests[r].most_tokens));
    inputs.push_back(std::move(input.ids));
  }
  const std::vector<std::int64_t> costs =
      shared_costs(inputs, static_cast<std::size_t>(limits_.least_shared));
  std::vector<RowLength> lengths;
  for (std::size_t r = 0; r < requests.size(); ++r) lengths.push_back({costs[r], held[r]});
  for (const std::vector<std::size_t>& batch : length_batches(lengths, context_limits())) {
    TokenLists of_batch;
    for (const std::size_t request : batch) of_batch.push_back(inputs[request]);
    generate_batch(requests, batch, of_batch, generations);
  }
  return generations;
}

}  // namespace isoloss
