#include "harness/context_reading.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "harness/prefix_tree.h"
#include "model/layers/joined_states.h"

namespace isoloss {
namespace {

// Walks the tree as scoring does: a batch of nodes, then its descendants. Rows whose context ends
// at a node stay behind until all are there.
class ContextReader {
 public:
  ContextReader(const LanguageModel& model, const TokenLists& contexts, const PrefixTree& tree,
                const BatchLimits& limits)
      : model_(model), contexts_(contexts), tree_(tree), limits_(limits), ends_(tree.nodes.size()) {
    logits_.resize(contexts.size() * static_cast<std::size_t>(model.spec().vocabulary));
    for (std::size_t i = 0; i < contexts.size(); ++i) ends_[tree.paths[i].back()].push_back(i);
  }

  ReadContexts all() && {
    read(tree_.roots, [&](std::span<const std::size_t> places) {
      return model_.nothing_read(std::ssize(places));
    });
    return {in_order(), std::move(logits_), tokens_};
  }

 private:
  void read(std::span<const std::size_t> nodes,
            const std::function<DecodingState(std::span<const std::size_t> places)>& state_of) {
    std::vector<RowLength> lengths;
    for (const std::size_t node : nodes)
      lengths.push_back({static_cast<std::int64_t>(tree_.nodes[node].size()),
                         static_cast<std::int64_t>(tree_.nodes[node].end)});
    for (const std::vector<std::size_t>& batch : length_batches(lengths, limits_)) {
      DecodingState state = state_of(batch);
      std::vector<std::size_t> batch_nodes;
      for (const std::size_t place : batch) batch_nodes.push_back(nodes[place]);
      read_batch(batch_nodes, state);
      read_children(batch_nodes, state);
      keep_ends(batch_nodes, std::move(state));
    }
  }

  void read_batch(std::span<const std::size_t> nodes, DecodingState& state) {
    TokenLists tokens;
    std::vector<TokenPlace> last;
    std::size_t longest = 0;
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      const PrefixNode& node = tree_.nodes[nodes[i]];
      const auto begin = contexts_[node.row].begin();
      tokens.emplace_back(begin + static_cast<std::ptrdiff_t>(node.begin),
                          begin + static_cast<std::ptrdiff_t>(node.end));
      longest = std::max(longest, node.size());
      if (!ends_[nodes[i]].empty())
        last.push_back({static_cast<std::int64_t>(i), static_cast<std::int64_t>(node.size()) - 1});
    }
    const std::vector<double> logits = model_.read(state, tokens, last);
    tokens_ += static_cast<std::int64_t>(nodes.size() * longest);
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

  void read_children(std::span<const std::size_t> nodes, const DecodingState& state) {
    std::vector<std::size_t> children;
    std::vector<std::int64_t> parents;  // rows of the state
    for (std::size_t i = 0; i < nodes.size(); ++i)
      for (const std::size_t child : tree_.nodes[nodes[i]].children) {
        children.push_back(child);
        parents.push_back(static_cast<std::int64_t>(i));
      }
    if (children.empty()) return;
    read(children, [&](std::span<const std::size_t> places) {
      std::vector<std::int64_t> of_places;
      for (const std::size_t place : places) of_places.push_back(parents[place]);
      return state.select(of_places);
    });
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
  const TokenLists& contexts_;
  const PrefixTree& tree_;
  const BatchLimits& limits_;
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
  return ContextReader(model, contexts, tree, limits).all();
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
