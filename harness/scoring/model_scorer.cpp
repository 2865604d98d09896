#include "harness/scoring/model_scorer.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "harness/scoring/length_batches.h"
#include "harness/scoring/model_input.h"
#include "harness/scoring/prefix_tree.h"
#include "harness/scoring/prefix_walk.h"
#include "model/spec/error.h"

namespace isoloss {
namespace {

// A token of a request's continuation, wanted after a place of a node.
struct WantedToken {
  std::size_t request = 0;
  std::size_t place = 0;
  std::int32_t token = 0;
};

// By node: what is asked after its tokens.
std::vector<std::vector<WantedToken>> wanted_tokens(
    const PrefixTree& tree, std::span<const ScoreRequest> requests,
    std::span<const std::vector<std::int32_t>> rows) {
  std::vector<std::vector<WantedToken>> wanted(tree.nodes.size());
  for (std::size_t r = 0; r < requests.size(); ++r) {
    const std::vector<std::int32_t>& answer = requests[r].continuation;
    const std::size_t first = rows[r].size() - answer.size();
    for (const std::size_t node : tree.paths[r]) {
      const PrefixNode& part = tree.nodes[node];
      for (std::size_t at = std::max(part.begin, first); at < part.end; ++at)
        wanted[node].push_back({r, at - part.begin, answer[at - first]});
    }
  }
  return wanted;
}

// Predictions of what is wanted of the nodes, in that order.
void add_scores(std::span<const std::size_t> nodes,
                const std::vector<std::vector<WantedToken>>& wanted,
                const LanguageModel::Predictions& predictions,
                std::vector<ContinuationScore>& scores) {
  std::size_t at = 0;
  for (const std::size_t node : nodes)
    for (const WantedToken& token : wanted[node]) {
      ContinuationScore& score = scores[token.request];
      // A loss of nothing may round to just below it.
      score.log_probability -= std::max(0.0, static_cast<double>(predictions.losses[at]));
      score.greedy = score.greedy && predictions.greedy[at] != 0;
      ++at;
    }
}

}  // namespace

ModelScorer::ModelScorer(const LanguageModel& model, const Tokenizer& tokenizer, FirstId first,
                         const ScorerLimits& limits)
    : model_(model), tokenizer_(tokenizer), first_(first), limits_(limits) {
  if (tokenizer.vocabulary() > model.spec().vocabulary)
    throw InputError(
        fmt::format("the tokenizer has {} ids (the model knows {}); use the tokenizer that the "
                    "model was trained with",
                    tokenizer.vocabulary(), model.spec().vocabulary));
}

std::vector<std::int32_t> ModelScorer::encode(const std::string& text) const {
  return tokenizer_.encode(text);
}

BatchLimits ModelScorer::batch_limits() const {
  const ModelSpec& spec = model_.spec();
  const std::int64_t element =
      model_.precision() == Precision::Float64 ? sizeof(double) : sizeof(float);
  return {limits_.tokens_at_once,
          limits_.state_bytes / (2 * spec.layers * kv_width(spec) * element)};
}

std::vector<ContinuationScore> ModelScorer::score(std::span<const ScoreRequest> requests) {
  tokens_read_ = tokens_asked_ = 0;
  std::vector<ContinuationScore> scores(requests.size());
  std::vector<std::vector<std::int32_t>> rows;
  for (std::size_t r = 0; r < requests.size(); ++r) {
    ModelInput input = score_input(requests[r], first_, longest());
    scores[r].greedy = true;
    scores[r].truncated_tokens = input.truncated_tokens;
    tokens_asked_ += std::ssize(input.ids);
    rows.push_back(std::move(input.ids));
  }
  const PrefixTree tree = prefix_tree(rows, static_cast<std::size_t>(limits_.least_shared));
  const auto wanted = wanted_tokens(tree, requests, rows);
  const auto read = [&](std::span<const std::size_t> nodes, const TokenLists& tokens,
                        DecodingState& state) {
    std::vector<TokenPlace> places;
    std::vector<std::int32_t> targets;
    for (std::size_t i = 0; i < nodes.size(); ++i)
      for (const WantedToken& token : wanted[nodes[i]]) {
        places.push_back({static_cast<std::int64_t>(i), static_cast<std::int64_t>(token.place)});
        targets.push_back(token.token);
      }
    add_scores(nodes, wanted, model_.read_predictions(state, tokens, places, targets), scores);
    tokens_read_ += padded_tokens(tokens);
  };
  walk_prefixes(model_, tree, rows, batch_limits(), {read, {}});
  return scores;
}

}  // namespace isoloss
