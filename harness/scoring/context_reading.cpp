#include "harness/scoring/context_reading.h"

#include <algorithm>
#include <utility>

#include "harness/scoring/prefix_tree.h"
#include "harness/scoring/prefix_walk.h"
#include "model/layers/joined_states.h"

namespace isoloss {
namespace {

// Rows whose context ends at a node stay behind until all are there.
class ContextReader {
 public:
  ContextReader(const LanguageModel& model, const TokenLists& contexts, const PrefixTree& tree)
      : model_(model), ends_(tree.nodes.size()) {
    logits_.resize(contexts.size() * static_cast<std::size_t>(model.spec().vocabulary));
    for (std::size_t i = 0; i < contexts.size(); ++i) ends_[tree.paths[i].back()].push_back(i);
  }

  PrefixVisitor visitor() {
    return {[this](std::span<const std::size_t> nodes, const TokenLists& tokens,
                   DecodingState& state) { read(nodes, tokens, state); },
            [this](std::span<const std::size_t> nodes, DecodingState state) {
              keep_ends(nodes, std::move(state));
            }};
  }

  // Once the tree was walked.
  ReadContexts all() && { return {in_order(), std::move(logits_), tokens_}; }

 private:
  void read(std::span<const std::size_t> nodes, const TokenLists& tokens, DecodingState& state) {
    std::vector<TokenPlace> last;
    for (std::size_t i = 0; i < nodes.size(); ++i)
      if (!ends_[nodes[i]].empty())
        last.push_back({static_cast<std::int64_t>(i), std::ssize(tokens[i]) - 1});
    const std::vector<double> logits = model_.read(state, tokens, last);
    tokens_ += padded_tokens(tokens);
    const std::ptrdiff_t vocabulary = model_.spec().vocabulary;
    auto from = logits.begin();
    for (const std::size_t node : nodes) {
      if (ends_[node].empty()) continue;
      for (const std::size_t context : ends_[node])
        std::copy(from, from + vocabulary,
                  logits_.begin() + static_cast<std::ptrdiff_t>(context) * vocabulary);
      from += vocabulary;
    }
  }

  void keep_ends(std::span<const std::size_t> nodes, DecodingState state) {
    std::vector<std::int64_t> rows;
    bool each_once = true;
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      each_once = each_once && ends_[nodes[i]].size() == 1;
      for (const std::size_t context : ends_[nodes[i]]) {
        rows.push_back(static_cast<std::int64_t>(i));
        kept_.push_back(context);
      }
    }
    if (rows.empty()) return;
    parts_.push_back(each_once ? std::move(state) : state.select(rows));
  }

  DecodingState in_order() {
    DecodingState state = parts_.size() == 1 ? std::move(parts_.front()) : joined_states(parts_);
    parts_.clear();
    if (std::ranges::is_sorted(kept_)) return state;
    std::vector<std::int64_t> row_of(kept_.size());
    for (std::size_t row = 0; row < kept_.size(); ++row)
      row_of[kept_[row]] = static_cast<std::int64_t>(row);
    return state.select(row_of);
  }

  const LanguageModel& model_;
  std::vector<std::vector<std::size_t>> ends_;  // by node: contexts that end with it
  std::vector<DecodingState> parts_;
  std::vector<std::size_t> kept_;  // contexts, in the order of the parts' rows
  std::vector<double> logits_;
  std::int64_t tokens_ = 0;
};

}  // namespace

ReadContexts read_contexts(const LanguageModel& model, const TokenLists& contexts,
                           std::size_t least_shared, const BatchLimits& limits) {
  const PrefixTree tree = prefix_tree(contexts, least_shared);
  ContextReader reader(model, contexts, tree);
  walk_prefixes(model, tree, contexts, limits, reader.visitor());
  return std::move(reader).all();
}

std::vector<std::int64_t> shared_costs(const TokenLists& contexts, std::size_t least_shared) {
  const PrefixTree tree = prefix_tree(contexts, least_shared);
  std::vector<std::int64_t> members(tree.nodes.size()), tokens(tree.nodes.size());
  std::vector<bool> counted(tree.nodes.size());
  for (const std::vector<std::size_t>& path : tree.paths) {
    ++members[path.front()];
    for (const std::size_t node : path) {
      if (!counted[node])
        tokens[path.front()] += static_cast<std::int64_t>(tree.nodes[node].size());
      counted[node] = true;
    }
  }
  std::vector<std::int64_t> costs;
  for (const std::vector<std::size_t>& path : tree.paths)
    costs.push_back((tokens[path.front()] + members[path.front()] - 1) / members[path.front()]);
  return costs;
}

}  // namespace isoloss
